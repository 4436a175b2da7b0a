//! The serving side of the protocol, as a machine without IO: a cursor and pages of the log in, messages out.
//!
//! A stream is a cursor, never a queue: the shell does one [`Step`] after another, wakes the machine when the head of
//! the log moves, and writes as fast as its reader reads. What a slow reader has not read yet is still in the log.

mod connect;
mod served;
mod tell;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::recent::{Changed, Part};
use connect::Connect;
use headway_model::cursor::InvalidCursor;
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::{Absent, Body, CaughtUp, Closed, ClosedHow, GoneReason, MESSAGE_LIMIT, Now};
use headway_model::{Cursor, Digest, Fold};
use headway_store::Head;
use headway_store::rows::{EventRow, JobRow};
use served::Served;
use watch::Watch;

/// Events in one page.
pub const PAGE: u32 = 500;

/// The most changed jobs read at a time.
pub const CHANGED_PAGE: usize = 500;

const PING_EVERY: Millis = 5_000;
const NOW_EVERY: Millis = 250;
const ABSENT_FOR: Millis = 30_000;
/// Between two flushes of a busy link at least, and at most; an idle one is flushed at once.
const PACE: (Millis, Millis) = (10, 50);

/// Between these, so that all links together are flushed no more often than this in a millisecond.
const FLUSHES: Millis = 20;

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The jobs to follow; whether the client holds the fold at its cursor.
    pub jobs: BTreeMap<JobId, bool>,
    /// Whether summaries of all jobs are wanted.
    pub watch: bool,
    /// Where to go on.
    pub cursor: Option<Result<Cursor, InvalidCursor>>,
    /// Whether even a long way is replayed event by event.
    pub replay_all: bool,
}

/// What the shell does next.
#[derive(Debug)]
pub enum Step {
    /// Read this and give it.
    Read(Read),
    /// Write one message.
    Send(Outgoing),
    /// Wait for a wake-up, at most until this time.
    Wait(Millis),
    /// End the stream.
    End,
}

/// One SSE message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// One line of JSON.
    pub text: String,
    /// The event id, if the message promises one.
    pub id: Option<String>,
    /// Whether it says something the reader cannot know yet.
    pub news: bool,
}

/// What the machine needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The head of the log.
    Head,
    /// The digest in the row at a position.
    DigestAt(Position),
    /// One job.
    Job(JobId),
    /// The last event of a job at or before a position.
    EventBefore(JobId, u64, Position),
    /// Folds of one moment.
    Folds(Vec<JobId>),
    /// A page of events of these jobs, behind the first position and up to the second.
    Page(Vec<u64>, Position, Position),
    /// Jobs that are not over.
    Live,
    /// Jobs with an event after a position, those that rested longest first; [`CHANGED_PAGE`] of them, or all.
    Changed(Position),
    /// What runs of a job.
    Now(JobId),
}

/// The answer to a [`Read`].
#[derive(Debug, Clone)]
pub enum Given {
    /// To [`Read::Head`].
    Head(Head),
    /// To [`Read::DigestAt`].
    DigestAt(Option<Digest>),
    /// To [`Read::Job`].
    Job(JobId, Option<Box<JobRow>>),
    /// To [`Read::EventBefore`].
    EventBefore(JobId, Option<(Seq, Digest)>),
    /// To [`Read::Folds`].
    Folds(Vec<Fold>),
    /// To [`Read::Page`].
    Page(Vec<EventRow>),
    /// To [`Read::Page`], if encoded parts of the log begin where it does.
    Parts(Vec<Arc<Part>>),
    /// To [`Read::Live`] and [`Read::Changed`].
    Jobs(Vec<Changed>),
    /// To [`Read::Now`].
    Now(Now),
}

/// The machine of one connection.
#[derive(Debug, Clone)]
pub struct Serving {
    connect: Option<Connect>,
    jobs: BTreeMap<JobId, Served>,
    watch: Option<Watch>,
    /// Everything up to here of every followed job has been sent.
    sent: Position,
    sent_check: Cursor,
    /// Where the client stood when it came.
    begun: Position,
    head: Head,
    /// The head as the last ping tells it.
    log_head: Position,
    /// The head at registration: `caught_up` is said there.
    target: Position,
    caught_up: bool,
    woken: bool,
    recording: bool,
    /// How far the clock is ahead of the time that this machine is told, in milliseconds.
    clock_ahead: i64,
    outbox: VecDeque<Outgoing>,
    reads: VecDeque<Read>,
    after_head: bool,
    ping_at: Millis,
    pinging: bool,
    now_at: Millis,
    absent_since: Millis,
    flushed_at: Millis,
    pace: Millis,
    /// The most bytes of a message beyond its first event.
    most: usize,
    ended: bool,
}

impl Serving {
    /// A connection made now, to a server of this build.
    pub fn new(request: Request, build: String, now: Millis, recording: bool) -> Self {
        let jobs = request.jobs.keys().map(|job| (*job, Served::new(job))).collect();
        let watch = request.watch.then(Watch::default);
        Serving {
            jobs,
            watch,
            connect: Some(Connect::new(request, build, now)),
            sent: 0,
            sent_check: Cursor::start(),
            begun: 0,
            head: Head::default(),
            log_head: 0,
            target: 0,
            caught_up: false,
            woken: false,
            recording,
            clock_ahead: 0,
            outbox: VecDeque::new(),
            reads: VecDeque::new(),
            after_head: false,
            ping_at: now + PING_EVERY,
            pinging: false,
            now_at: now,
            absent_since: now,
            flushed_at: 0,
            pace: PACE.0,
            most: MESSAGE_LIMIT,
            ended: false,
        }
    }

    /// The head of the log moved. The shell registers for this before its first step.
    pub fn wake(&mut self) {
        self.woken = true;
    }

    /// How many follow beside this one: the more there are, the more goes out in one flush.
    pub fn among(&mut self, followers: usize) {
        self.pace = (followers as Millis / FLUSHES).clamp(PACE.0, PACE.1);
    }

    /// Until then the head of the log need not be looked at.
    pub fn paced_until(&self) -> Millis {
        self.flushed_at + self.pace
    }

    /// Whether the log can still be written.
    pub fn recording(&mut self, recording: bool) {
        self.recording = recording;
    }

    /// How far the clock is ahead of the time that is told here, in milliseconds: pings tell the clock's, which can be set.
    pub fn clock_ahead(&mut self, by: i64) {
        self.clock_ahead = by;
    }

    /// Messages of at most so many bytes beyond their first event.
    pub fn at_most(&mut self, bytes: usize) {
        self.most = bytes;
    }

    /// What to do next.
    pub fn step(&mut self, now: Millis) -> Step {
        if let Some(message) = self.outbox.pop_front() {
            return Step::Send(message);
        }
        if self.ended {
            return Step::End;
        }
        if let Some(connect) = &mut self.connect {
            return Step::Read(connect.read());
        }
        if let Some(read) = self.reads.pop_front() {
            return Step::Read(read);
        }
        self.live(now)
    }

    /// The answer to the last [`Step::Read`].
    pub fn give(&mut self, now: Millis, given: Given) {
        if self.connect.is_some() {
            self.connecting(now, given);
            return;
        }
        match given {
            Given::Head(head) => self.learn_head(head),
            Given::Job(job, row) => self.learn_job(job, row.as_deref()),
            Given::Page(rows) => self.page(now, &rows),
            Given::Parts(parts) => self.parts(now, &parts),
            Given::Jobs(rows) => {
                let more = rows.len() >= CHANGED_PAGE;
                self.changed(now, rows);
                self.reads.extend(self.watch.as_ref().filter(|_| more).map(|watch| Read::Changed(watch.seen())));
            }
            Given::Now(news) => self.now(news),
            Given::DigestAt(_) | Given::EventBefore(..) | Given::Folds(_) => {}
        }
    }

    /// The steps of a connection that has begun, the most urgent first.
    fn live(&mut self, now: Millis) -> Step {
        if now >= self.ping_at && !self.pinging {
            self.pinging = true;
            self.reads.push_back(Read::Head);
            let open: Vec<_> = self.open_jobs().collect();
            self.reads.extend(open.into_iter().map(Read::Job));
            return self.step(now);
        }
        if self.pinging {
            self.pinging = false;
            self.ping_at = now + PING_EVERY;
            self.send_ping(now);
            return self.step(now);
        }
        if self.after_head {
            return self.read_on(now);
        }
        if self.say_caught_up() {
            return self.step(now);
        }
        if self.woken && now >= self.paced_until() {
            self.woken = false;
            return Step::Read(Read::Head);
        }
        if self.close_finished(now) {
            return self.step(now);
        }
        let due = self.watch.as_mut().map(|watch| watch.due(now, self.most)).unwrap_or_default();
        if !due.is_empty() {
            due.into_iter().for_each(|text| self.tell(text, false));
            return self.step(now);
        }
        if now >= self.now_at {
            self.now_at = now + NOW_EVERY;
            self.reads
                .extend(self.jobs.iter().filter(|(_, served)| served.is_processing()).map(|(job, _)| Read::Now(*job)));
            if !self.reads.is_empty() {
                return self.step(now);
            }
        }
        Step::Wait(self.next_time())
    }

    /// Reads up to the head that was learnt: first whether awaited jobs have come, and what is watched.
    fn read_on(&mut self, now: Millis) -> Step {
        let numbers: Vec<_> =
            self.jobs.values().filter(|served| served.is_open()).filter_map(|served| served.job_no).collect();
        if self.sent < self.head.position && !numbers.is_empty() {
            return Step::Read(Read::Page(numbers, self.sent, self.head.position));
        }
        self.after_head = false;
        self.advance(self.head.position, self.head.digest);
        self.live(now)
    }

    fn learn_head(&mut self, head: Head) {
        if self.pinging {
            // Only told: what may be promised is up to `read_on`.
            self.log_head = head.position;
            self.woken |= head.position > self.sent;
            return;
        }
        self.head = head;
        self.after_head = true;
        let awaited = self.jobs.iter().filter(|(_, served)| served.is_awaited()).map(|(job, _)| *job);
        self.reads.extend(awaited.map(Read::Job));
        self.reads.extend(self.watch.as_ref().map(|watch| Read::Changed(watch.seen())));
    }

    fn learn_job(&mut self, job: JobId, row: Option<&JobRow>) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        served.learn(row);
        if let Some(how) = served.ending() {
            self.close(job, how);
        }
    }

    /// Ends what can be ended: jobs awaited in vain, and the stream when nothing is left to say.
    fn close_finished(&mut self, now: Millis) -> bool {
        if now >= self.absent_since + ABSENT_FOR {
            let awaited = self.jobs.iter().find(|(_, served)| served.is_awaited()).map(|(job, _)| *job);
            if let Some(job) = awaited {
                self.close(job, ClosedHow::Gone { reason: GoneReason::Absent });
                return true;
            }
        }
        false
    }

    fn close(&mut self, job: JobId, how: ClosedHow) {
        if let Some(served) = self.jobs.get_mut(&job) {
            served.closed = true;
        }
        let last = self.watch.is_none() && self.jobs.values().all(|served| served.closed);
        let text = Closed { job, how }.text();
        self.outbox.push_back(Outgoing { text, id: last.then(|| "end".to_owned()), news: true });
        self.ended |= last;
    }

    fn open_jobs(&self) -> impl Iterator<Item = JobId> + '_ {
        self.jobs.iter().filter(|(_, served)| served.is_open()).map(|(job, _)| *job)
    }

    fn advance(&mut self, position: Position, digest: Option<Digest>) {
        if position > self.sent
            && let Some(digest) = digest
        {
            self.sent = position;
            self.sent_check = Cursor::at(position, &digest);
        }
    }

    /// Says once that the head of the registration has been reached.
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

    fn next_time(&self) -> Millis {
        let awaited = self.jobs.values().any(Served::is_awaited);
        let processing = self.jobs.values().any(Served::is_processing);
        [
            Some(self.ping_at),
            awaited.then_some(self.absent_since + ABSENT_FOR),
            processing.then_some(self.now_at),
            self.woken.then_some(self.paced_until()),
            self.watch.as_ref().and_then(Watch::next_due),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.ping_at)
    }
}

#[cfg(test)]
mod tests;
