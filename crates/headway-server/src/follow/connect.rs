//! The start of a connection: what has to be read, whether the cursor can be resumed, and which jobs get a snapshot.

mod answers;

use std::collections::VecDeque;

use super::{Holds, Read, Request};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::{Hello, ResetReason};
use headway_model::mutants::{self, Mutant};
use headway_model::{Cursor, Digest};
use headway_store::Head;
use headway_store::rows::JobRow;

/// A job with more events to replay than this gets a snapshot, which is shorter.
const REPLAYED_EVENTS_LIMIT: u64 = 20_000;

/// What is known so far.
#[derive(Debug, Clone)]
pub(super) struct Connect {
    request: Request,
    hello: Hello,
    said_hello: bool,
    head: Option<Head>,
    /// The cursor, once it is known to be good.
    good: Option<Cursor>,
    checked_cursor: bool,
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
            checked_cursor: false,
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
        if !self.checked_cursor
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
        self.checked_cursor
            && self.lookups.is_empty()
            && self.held.is_empty()
            && self.counted.is_empty()
            && (self.asked_folds || self.snapshots.is_empty())
            && self.watched_live
            && self.watched_changed
    }

    /// Decides whether the stream can resume from the client's cursor.
    fn check_cursor(&mut self, head: Head, digest_there: Option<Digest>) {
        self.checked_cursor = true;
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
                if row.summary.seq > REPLAYED_EVENTS_LIMIT && !self.request.replay_all {
                    self.far.push(job);
                    self.snapshots.push(job);
                }
            }
            Some(_) if holds == Holds::AtCursor && self.reset.is_none() => self.held.push_back((job, row.job_no)),
            _ => self.snapshots.push(job),
        }
    }
}
