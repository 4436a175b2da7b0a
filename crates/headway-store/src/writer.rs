//! The single writer of the log, as a machine without IO: appends and commit results in; batches, answers and wake-ups out.
//!
//! It holds the fold of every live job, asks `next` about each event in commit order, and assigns `seq`, `position` and
//! digest. A refused event is answered and not written. Once a commit has failed the writer is dead: whatever was not
//! acknowledged stays unacknowledged, and nothing is retried.

use std::collections::{HashMap, HashSet, VecDeque};

use headway_model::event::Recorded;
use headway_model::fold::FoldError;
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::{Digest, EventKind, Fold, JobEvent, Refusal};

use crate::Head;
use crate::rows::{Batch, EventRow, Idle, JobKey};

/// The most bytes of a detail.
pub const DETAIL_LIMIT: usize = 256 * 1024;

/// The most events in one transaction.
const BATCH_LIMIT: usize = 2_000;

/// An event to record.
#[derive(Debug, Clone)]
pub struct Append {
    /// Matches the answer to this append.
    pub ticket: u64,
    /// The job.
    pub job: JobId,
    /// The event.
    pub event: JobEvent,
    /// The event's detail.
    pub detail: Option<String>,
    /// When it happened.
    pub at: Millis,
    /// For a terminal job: its key and fold from the store, so that its `pruned` event can be checked.
    pub over: Option<Box<(JobKey, Fold)>>,
}

/// The place of an acknowledged event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// In its job.
    pub seq: Seq,
    /// In the log.
    pub position: Position,
}

/// Why an append was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// It is not possible in the job's state.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is larger than its limit.
    #[error("the event is larger than allowed")]
    TooLarge,
    /// The log cannot be written any more.
    #[error("the log cannot be written")]
    Dead,
}

/// What the shell must do after a commit.
#[derive(Debug, Clone)]
pub enum WriterEffect {
    /// Tell the sender.
    Answer(u64, Append, Result<Receipt, AppendError>),
    /// Tell the engine, in this order, with the job's digest up to it.
    Recorded(JobId, Recorded, Digest),
}

#[derive(Debug, Clone)]
struct LiveJob {
    key: JobKey,
    fold: Fold,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Writer {
    /// This process's name in leases.
    worker: String,
    live: HashMap<JobId, LiveJob>,
    /// Every job that this process has seen, so that no id is created twice after its fold is gone.
    known: HashSet<JobId>,
    /// Jobs whose history this process has removed: a fold that a sender read earlier is stale.
    pruned: HashSet<JobId>,
    head: Position,
    digest: Option<Digest>,
    next_job_no: u64,
    queue: VecDeque<Append>,
    /// Effects to return once the batch under way is on the disk.
    pending: Vec<WriterEffect>,
    dead: bool,
}

impl Writer {
    /// A writer that continues at this head, with these live jobs.
    pub fn new(head: Head, live: Vec<(JobKey, Fold)>) -> Self {
        let known = live.iter().map(|(_, fold)| fold.id).collect();
        Writer {
            worker: String::new(),
            live: live.into_iter().map(|(key, fold)| (fold.id, LiveJob { key, fold })).collect(),
            known,
            pruned: HashSet::new(),
            head: head.position,
            digest: head.digest,
            next_job_no: head.next_job_no,
            queue: VecDeque::new(),
            pending: Vec::new(),
            dead: false,
        }
    }

    /// Sets this process's name in leases.
    pub fn named(self, worker: &str) -> Self {
        Writer { worker: worker.to_owned(), ..self }
    }

    /// Queues an append.
    pub fn append(&mut self, append: Append) {
        self.queue.push_back(append);
    }

    /// Decides on the queued appends and builds the next batch; `None` if there is nothing to write. Call
    /// [`Writer::committed`] before asking for another.
    pub fn batch(&mut self) -> Option<Batch> {
        let mut batch = Batch { worker: self.worker.clone(), ..Batch::default() };
        let mut touched = Vec::new();
        while batch.events.len() < BATCH_LIMIT
            && let Some(append) = self.queue.pop_front()
        {
            let answer = if self.dead { Err(AppendError::Dead) } else { self.decide(&append, &mut batch) };
            if answer.is_ok() && !touched.contains(&append.job) {
                touched.push(append.job);
            }
            self.pending.push(WriterEffect::Answer(append.ticket, append, answer));
        }
        if batch.events.is_empty() {
            return None;
        }
        for job in touched {
            let Some(live) = self.live.get(&job) else { continue };
            let last = batch.events.iter().rev().find(|row| row.job == job).map_or(self.head, |row| row.position);
            batch.jobs.push(live.key.row(&live.fold, last));
        }
        self.live.retain(|_, live| !live.fold.status.is_terminal());
        (batch.head, batch.digest, batch.next_job_no) = (self.head, self.digest, self.next_job_no);
        Some(batch)
    }

    /// Takes the result of the commit and returns the effects to deliver.
    pub fn committed(&mut self, written: bool) -> Vec<WriterEffect> {
        let mut effects = std::mem::take(&mut self.pending);
        if written {
            return effects;
        }
        self.dead = true;
        effects.retain(|effect| matches!(effect, WriterEffect::Answer(..)));
        for effect in &mut effects {
            if let WriterEffect::Answer(_, _, answer) = effect {
                *answer = Err(AppendError::Dead);
            }
        }
        effects
    }

    /// The effects to deliver when [`Writer::batch`] returned `None`.
    pub fn unwritten(&mut self) -> Vec<WriterEffect> {
        std::mem::take(&mut self.pending)
    }

    /// Whether appends wait.
    pub fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    fn decide(&mut self, append: &Append, batch: &mut Batch) -> Result<Receipt, AppendError> {
        let detail = append.detail.as_deref();
        let hash = detail.map(|text| Digest::of(text.as_bytes()));
        if detail.is_some_and(|text| text.len() > DETAIL_LIMIT && append.event.kind() != EventKind::Created)
            || hash != append.event.detail()
        {
            return Err(AppendError::TooLarge);
        }
        if let Some((key, fold)) = append.over.as_deref()
            && !self.pruned.contains(&append.job)
        {
            self.live.entry(append.job).or_insert_with(|| LiveJob { key: key.clone(), fold: fold.clone() });
            self.known.insert(append.job);
        }
        let seq = self.live.get(&append.job).map_or(1, |live| live.fold.seq + 1);
        let recorded = Recorded { seq, at: append.at, event: append.event.clone() };
        let payload = recorded.encode();
        if payload.len() > recorded.event.payload_limit() {
            return Err(AppendError::TooLarge);
        }
        let position = self.head + 1;
        let idle;
        if let Some(live) = self.live.get_mut(&append.job) {
            idle = Idle::before(&live.fold, &recorded.event);
            live.fold.apply_recorded(&recorded, &payload).map_err(refusal)?;
        } else if self.known.contains(&append.job) {
            let created = append.event.kind() == EventKind::Created;
            return Err(if created { Refusal::Exists } else { Refusal::Over(None) }.into());
        } else {
            idle = None;
            let fold = Fold::create_recorded(&recorded, &payload).map_err(refusal)?;
            // Cannot fail: the start call wrote this request, and its hash was compared just above.
            let key = JobKey::of(self.next_job_no, position, &recorded.event, detail);
            let key = key.map_err(|_| AppendError::Refused(Refusal::Range))?;
            self.next_job_no += 1;
            self.known.insert(append.job);
            self.live.insert(append.job, LiveJob { key, fold });
        }
        let Some(live) = self.live.get_mut(&append.job) else { return Err(Refusal::NotCreated.into()) };
        if let Some(left) = Fold::tombstone(&recorded, &payload) {
            live.fold = left;
            self.pruned.insert(append.job);
        }
        let (job_no, digest) = (live.key.job_no, live.fold.digest);
        // The planner builds the detail and the event from the same list, so they match.
        let derived = batch.derive(job_no, idle.as_ref(), &live.fold, &recorded, detail);
        debug_assert!(derived.is_ok(), "{derived:?}");
        self.head = position;
        self.digest = Some(digest);
        let row = EventRow { position, job_no, job: append.job, seq, payload, detail: append.detail.clone(), digest };
        batch.events.push(row);
        self.pending.push(WriterEffect::Recorded(append.job, recorded, digest));
        Ok(Receipt { seq, position })
    }
}

fn refusal(error: FoldError) -> AppendError {
    match error {
        FoldError::Refused(refusal) => AppendError::Refused(refusal),
        // Cannot happen: the event was numbered just above and encoded by this very version.
        FoldError::Gap { .. } | FoldError::Unknown(_) => AppendError::Refused(Refusal::Range),
    }
}

#[cfg(test)]
mod tests;
