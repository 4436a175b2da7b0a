//! The start of a connection: decides whether the cursor can be resumed and which jobs get a snapshot.

use std::collections::VecDeque;

use super::served::{SentJob, Served};
use super::{CHANGED_PAGE, Holds, Read, ReadResult, Request, Serving};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::{Body, Hello, Reset, ResetReason, SnapshotMessage};
use headway_model::mutants::{self, Mutant};
use headway_model::{Cursor, Digest, Fold};
use headway_store::Head;
use headway_store::rows::JobRow;

/// A job with more events to replay than this gets a snapshot, which is shorter.
const MAX_REPLAYED_EVENTS: u64 = 20_000;

/// What is known so far.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    request: Request,
    hello: Hello,
    said_hello: bool,
    head: Option<Head>,
    /// The cursor, once it is known to be good.
    good: Option<Cursor>,
    judged: bool,
    reset: Option<ResetReason>,
    lookups: VecDeque<JobId>,
    held: VecDeque<(JobId, u64)>,
    /// Jobs whose events the client holds up to one.
    counted: VecDeque<(JobId, u64, Seq)>,
    /// The events that the client lacks of those jobs come after this position, which can be before the cursor.
    from: Option<Position>,
    far: Vec<JobId>,
    snapshots: Vec<JobId>,
    asked_folds: bool,
    watched_live: bool,
    watched_changed: bool,
    /// Changed jobs are read behind this position.
    changed_after: Option<Position>,
}

impl Connect {
    pub(super) fn new(request: Request, build: String, now: Millis) -> Self {
        let lookups = request.jobs.keys().copied().collect();
        Connect {
            hello: Hello { build, now, recording: true, left_out: None },
            said_hello: false,
            head: None,
            good: None,
            judged: false,
            reset: None,
            lookups,
            held: VecDeque::new(),
            counted: VecDeque::new(),
            from: None,
            far: Vec::new(),
            snapshots: Vec::new(),
            asked_folds: false,
            watched_live: !request.watch,
            watched_changed: !request.watch,
            changed_after: None,
            request,
        }
    }

    /// The next read. The head comes first, so that everything read later is at least as new.
    pub(super) fn read(&mut self) -> Read {
        if self.head.is_none() {
            return Read::Head;
        }
        if !self.judged
            && let Some(Ok(cursor)) = &self.request.cursor
        {
            return Read::DigestAt(cursor.position);
        }
        if let Some(job) = self.lookups.front() {
            return Read::Job(*job);
        }
        if let Some((job, job_no)) = self.held.front() {
            return Read::EventBefore(*job, *job_no, self.position());
        }
        if let Some((job, job_no, seq)) = self.counted.front() {
            return Read::EventAt(*job, *job_no, *seq);
        }
        if !self.asked_folds && !self.snapshots.is_empty() {
            self.asked_folds = true;
            return Read::Folds(self.snapshots.clone());
        }
        if !self.watched_live {
            return Read::Live;
        }
        Read::Changed(self.changed_after.unwrap_or(self.position()))
    }

    fn position(&self) -> Position {
        self.good.as_ref().map_or(0, |cursor| cursor.position)
    }

    fn is_done(&self) -> bool {
        self.judged
            && self.lookups.is_empty()
            && self.held.is_empty()
            && self.counted.is_empty()
            && (self.asked_folds || self.snapshots.is_empty())
            && self.watched_live
            && self.watched_changed
    }

    /// Judges whether the stream can resume from the client's cursor.
    fn judge(&mut self, head: Head, digest_there: Option<Digest>) {
        self.judged = true;
        let reason = match &self.request.cursor {
            None => return,
            Some(Err(_)) => ResetReason::Malformed,
            Some(Ok(cursor)) if cursor.position == 0 => {
                self.good = Some(cursor.clone());
                return;
            }
            Some(Ok(cursor)) if cursor.position > head.position => ResetReason::Future,
            Some(Ok(cursor)) => match digest_there {
                None => ResetReason::Pruned,
                Some(digest) if digest.check() != cursor.check => ResetReason::Diverged,
                Some(_) => {
                    let behind = u64::from(mutants::is(Mutant::ResumeOffByOne));
                    self.good = Some(Cursor { position: cursor.position + behind, ..cursor.clone() });
                    return;
                }
            },
        };
        self.reset = Some(reason);
    }

    fn begin_after(&mut self, position: Position) {
        self.from = Some(self.from.map_or(position, |from| from.min(position)));
    }

    /// Decides where an existing job begins: at its first event, at the cursor, or with a snapshot.
    fn place(&mut self, job: JobId, row: &JobRow) {
        let lost_at = match (&self.request.cursor, self.reset) {
            (Some(Ok(cursor)), Some(ResetReason::Pruned)) => Some(cursor.position),
            _ => None,
        };
        let from = self.good.as_ref().map(|cursor| cursor.position).or(lost_at);
        let holds = self.request.jobs.get(&job).copied().unwrap_or(Holds::Nothing);
        if let Holds::UpTo(seq) = holds
            && self.reset.is_none()
        {
            // More than there is cannot be read on from. The pings show the client that it holds too much.
            if (1..=row.summary.seq).contains(&seq) {
                self.counted.push_back((job, row.job_no, seq));
            } else {
                self.begin_after(row.created_position.saturating_sub(1));
            }
            return;
        }
        match from {
            Some(position) if row.created_position > position => {
                if row.summary.seq > MAX_REPLAYED_EVENTS && !self.request.replay_all {
                    self.far.push(job);
                    self.snapshots.push(job);
                }
            }
            Some(_) if holds == Holds::AtCursor && self.reset.is_none() => self.held.push_back((job, row.job_no)),
            _ => self.snapshots.push(job),
        }
    }
}

impl Serving {
    /// Takes an answer while connecting. Once everything is known the connection goes live.
    pub(super) fn connecting(&mut self, now: Millis, given: ReadResult) {
        let Some(mut connect) = self.connect.take() else { return };
        if !connect.said_hello {
            connect.said_hello = true;
            let text =
                Hello { recording: self.recording, left_out: self.left_out.clone(), ..connect.hello.clone() }.text();
            self.send(text, false);
        }
        match given {
            ReadResult::Head(head) => {
                connect.head = Some(head);
                self.head = head;
                self.target = head.position;
                if !matches!(connect.request.cursor, Some(Ok(_))) {
                    connect.judge(head, None);
                }
            }
            ReadResult::DigestAt(digest) => {
                connect.judge(self.head, digest);
                self.begun = connect.position();
            }
            ReadResult::Job(job, row) => {
                connect.lookups.pop_front();
                self.place(&mut connect, job, row.as_deref());
            }
            ReadResult::EventBefore(job, last) => {
                connect.held.pop_front();
                self.resume(&mut connect, job, last);
            }
            ReadResult::EventAt(job, at) => {
                connect.counted.pop_front();
                self.count_on(&mut connect, job, at);
            }
            ReadResult::Folds(folds) => {
                self.say_reset(&mut connect);
                folds.iter().for_each(|fold| self.send_snapshot(fold));
            }
            ReadResult::Jobs(rows) => {
                self.say_reset(&mut connect);
                if connect.watched_live {
                    connect.watched_changed = rows.len() < CHANGED_PAGE;
                    connect.changed_after = rows.iter().map(|row| row.position).max();
                } else {
                    connect.watched_live = true;
                    connect.watched_changed = connect.good.is_none();
                }
                self.changed(now, rows);
                let head = self.head.position;
                self.watch.iter_mut().for_each(|watch| watch.begin_at(head));
            }
            ReadResult::Page(_) | ReadResult::Parts(_) | ReadResult::Now(_) => {}
        }
        if connect.is_done() {
            self.say_reset(&mut connect);
            self.go_live(&connect);
        } else {
            self.connect = Some(connect);
        }
    }

    /// Sends a job as it is, and notes up to which event the client has it.
    fn send_snapshot(&mut self, fold: &Fold) {
        if let Some(served) = self.jobs.get_mut(&fold.id) {
            let ahead = u64::from(mutants::is(Mutant::SnapshotAhead));
            served.sent = SentJob { seq: fold.seq + ahead, digest: fold.digest };
            served.last = served.last.max(fold.seq);
        }
        // The job can have ended since it was looked up; no event will say so.
        if fold.status.is_terminal() {
            self.reads.push_back(Read::Job(fold.id));
        }
        let (seq, digest) = (fold.seq, fold.digest);
        let message = SnapshotMessage { job: fold.id, seq, digest, fold: fold.hash(), state: fold.snapshot() };
        self.send_news(message.text(), false);
    }

    fn place(&mut self, connect: &mut Connect, job: JobId, row: Option<&JobRow>) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        served.learn(row);
        match row {
            None => self.absent(job),
            Some(row) if row.summary.pruned => {}
            Some(row) => connect.place(job, row),
        }
    }

    /// Resumes a held job after the last event that the client's cursor covers.
    fn resume(&mut self, connect: &mut Connect, job: JobId, last: Option<(u64, Digest)>) {
        let Some(served) = self.jobs.get_mut(&job) else { return };
        let Some((seq, digest)) = last else {
            connect.snapshots.push(job);
            return;
        };
        if served.last.saturating_sub(seq) > MAX_REPLAYED_EVENTS && !connect.request.replay_all {
            connect.far.push(job);
            connect.snapshots.push(job);
        } else {
            served.sent = SentJob { seq, digest };
        }
    }

    /// Resumes a job behind the event up to which the client holds it.
    fn count_on(&mut self, connect: &mut Connect, job: JobId, at: Option<(Seq, Position, Digest)>) {
        if let (Some((seq, _, digest)), Some(served)) = (at, self.jobs.get_mut(&job)) {
            served.sent = SentJob { seq, digest };
        }
        connect.begin_after(at.map_or(0, |(_, position, _)| position));
    }

    fn say_reset(&mut self, connect: &mut Connect) {
        let reset = match connect.reset.take() {
            Some(reason) => Reset { reason, jobs: connect.snapshots.clone() },
            None if !connect.far.is_empty() => {
                Reset { reason: ResetReason::Far, jobs: std::mem::take(&mut connect.far) }
            }
            None => return,
        };
        self.send_news(reset.text(), false);
    }

    /// Goes live: from here on the log is read after the cursor, or without one after the head that was read first.
    fn go_live(&mut self, connect: &Connect) {
        if let Some(cursor) = &connect.good {
            self.sent_check = cursor.clone();
            // Until the cursor is reached again, messages promise nothing: their reader counts events.
            self.floor = cursor.position;
            self.sent = connect.from.map_or(cursor.position, |from| from.min(cursor.position));
        }
        // Nothing up to the head that was read first is missing for jobs with a snapshot and for awaited jobs.
        let owes = |served: &Served| served.job_no.is_some() && served.sent.seq < served.last;
        if !self.jobs.values().any(owes) {
            self.advance(self.head.position, self.head.digest);
        }
        self.after_head = true;
        let over: Vec<_> = self.jobs.iter().filter_map(|(job, served)| Some((*job, served.ending()?))).collect();
        // `caught_up` must come before the stream can end.
        self.say_caught_up();
        over.into_iter().for_each(|(job, how)| self.close(job, how));
    }
}
