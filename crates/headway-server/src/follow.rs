//! The sending side of the protocol, as a machine without IO: a cursor and pages of the log in, messages out.
//!
//! A stream is a cursor, never a queue. The shell performs one [`SenderStep`] after another, wakes the machine when the head of
//! the log moves, and writes as fast as its reader reads. What a slow reader has not read yet is still in the log.

mod connect;
mod io;
mod live;
mod messages;
mod room;
mod served;
mod timing;
mod watch;

use std::collections::{BTreeMap, VecDeque};

use connect::Connect;
use headway_model::id::{JobId, Millis, Position};
use headway_model::message::{Absent, Body, CaughtUp, MESSAGE_ROOM_BYTES};
use headway_model::{Cursor, Digest};
use headway_store::Head;
pub use io::{Holds, Outgoing, Read, ReadResult, Request, SenderStep};
use room::EventRoom;
use served::Served;
use timing::MIN_FLUSH_MS;
use watch::SummaryWatch;

/// Events in one page.
pub const EVENTS_PER_PAGE: u32 = 500;

/// The most changed jobs read at a time.
pub const CHANGED_PAGE: usize = 500;

const PING_EVERY: Millis = 5_000;

/// The state of one connection.
#[derive(Debug, Clone)]
pub struct Serving {
    connect: Option<Connect>,
    jobs: BTreeMap<JobId, Served>,
    watch: Option<SummaryWatch>,
    watch_followed: bool,
    /// Everything up to here has been sent, for every followed job.
    sent: Position,
    sent_check: Cursor,
    /// The client's position when it connected.
    begun: Position,
    /// The client's cursor. Events before it are sent to clients that count them, and promise nothing.
    floor: Position,
    head: Head,
    /// The head that the next ping reports.
    log_head: Position,
    /// The head when the client connected: `caught_up` is sent once this is reached.
    target: Position,
    caught_up: bool,
    woken: bool,
    recording: bool,
    given_up: Option<String>,
    /// How far the clock is ahead of the `now` passed to this machine, in milliseconds.
    clock_ahead: i64,
    outbox: VecDeque<Outgoing>,
    reads: VecDeque<Read>,
    after_head: bool,
    ping_at: Millis,
    pinging: bool,
    now_at: Millis,
    absent_since: Millis,
    flushed_at: Millis,
    flush_every: Millis,
    room: EventRoom,
    /// The answer to a call is full; there is more.
    full: bool,
    ended: bool,
}

impl Serving {
    /// A connection made now, to a server with this build id.
    pub fn new(request: Request, build: String, now: Millis, recording: bool) -> Self {
        let jobs = request.jobs.keys().map(|job| (*job, Served::new(job))).collect();
        let (watch, watch_followed) = (request.watch.then(SummaryWatch::default), request.watch_followed);
        Serving {
            jobs,
            watch,
            watch_followed,
            connect: Some(Connect::new(request, build, now)),
            sent: 0,
            sent_check: Cursor::start(),
            begun: 0,
            floor: 0,
            head: Head::default(),
            log_head: 0,
            target: 0,
            caught_up: false,
            woken: false,
            recording,
            given_up: None,
            clock_ahead: 0,
            outbox: VecDeque::new(),
            reads: VecDeque::new(),
            after_head: false,
            ping_at: now + PING_EVERY,
            pinging: false,
            now_at: now,
            absent_since: now,
            flushed_at: 0,
            flush_every: MIN_FLUSH_MS,
            room: EventRoom::new(MESSAGE_ROOM_BYTES),
            full: false,
            ended: false,
        }
    }

    /// Notifies the machine that the head of the log moved. The shell subscribes to the head before its first step.
    pub fn wake(&mut self) {
        self.woken = true;
    }

    /// Sets whether the log can still be written.
    pub fn recording(&mut self, recording: bool) {
        self.recording = recording;
    }

    /// Sets the tasks of its own that the server has given up, as a text.
    pub fn given_up(&mut self, given_up: Option<String>) {
        self.given_up = given_up;
    }

    /// Sets how far the clock is ahead of the `now` passed to this machine, in milliseconds. Pings report the clock's time, which can
    /// be set while the server runs.
    pub fn clock_ahead(&mut self, by: i64) {
        self.clock_ahead = by;
    }

    /// Limits messages to this many bytes beyond their first event.
    pub fn at_most(&mut self, bytes: usize) {
        self.room.at_most(bytes);
    }

    /// Makes the messages the answer to one call, which ends when it holds as much as one message.
    pub fn answer(&mut self) {
        self.room.answer();
    }

    /// What to do next.
    pub fn step(&mut self, now: Millis) -> SenderStep {
        if let Some(message) = self.outbox.pop_front() {
            return SenderStep::Send(message);
        }
        if self.ended || self.full {
            return SenderStep::End;
        }
        if let Some(connect) = &mut self.connect {
            return SenderStep::Read(connect.read());
        }
        if let Some(read) = self.reads.pop_front() {
            return SenderStep::Read(read);
        }
        self.live(now)
    }

    /// Takes the answer to the last [`SenderStep::Read`].
    pub fn give(&mut self, now: Millis, given: ReadResult) {
        if self.connect.is_some() {
            self.connecting(now, given);
            return;
        }
        match given {
            ReadResult::Head(head) => self.learn_head(head),
            ReadResult::Job(job, row) => self.learn_job(job, |served| served.learn(row.as_deref())),
            ReadResult::SetAside(job) => self.learn_job(job, Served::set_aside),
            ReadResult::Page(rows) => self.page(now, &rows),
            ReadResult::Parts(parts) => self.parts(now, &parts),
            ReadResult::Jobs(rows) => {
                let more = rows.len() >= CHANGED_PAGE;
                self.changed(now, rows);
                self.reads.extend(self.watch.as_ref().filter(|_| more).map(|watch| Read::Changed(watch.seen())));
            }
            ReadResult::Now(news) => self.now(news),
            ReadResult::DigestAt(_) | ReadResult::EventBefore(..) | ReadResult::EventAt(..) | ReadResult::Folds(_) => {}
        }
    }

    fn advance(&mut self, position: Position, digest: Option<Digest>) {
        if position > self.sent
            && let Some(digest) = digest
        {
            self.sent = position;
            self.sent_check = Cursor::at(position, &digest);
        }
    }

    /// Sends `caught_up` once, when the head at connection has been reached.
    fn say_caught_up(&mut self) -> bool {
        if self.caught_up || self.sent < self.target {
            return false;
        }
        self.caught_up = true;
        let text = CaughtUp { cursor: self.sent_check.clone() }.text();
        self.send(text, true);
        true
    }

    fn absent(&mut self, job: JobId) {
        let text = Absent { job }.text();
        self.send(text, false);
    }
}

#[cfg(test)]
mod tests;
