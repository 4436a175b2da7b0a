//! The rows that follow from events: the same function for the live path and for a rebuild.

use std::collections::BTreeMap;

use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemStatus;
use headway_model::{Digest, Fold, JobSummary, PlannedFile, StartJob};

/// One event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the log.
    pub position: Position,
    /// The store's number for the job.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// Its number within the job.
    pub seq: Seq,
    /// The bytes that were hashed.
    pub payload: String,
    /// The larger content that the payload names by hash.
    pub detail: Option<String>,
    /// The chain up to this event.
    pub digest: Digest,
}

/// A job as rows keep it: its fold without the items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The store's number for the job; never given twice.
    pub job_no: u64,
    /// Position of its first event.
    pub created_position: Position,
    /// Position of its last event.
    pub last_position: Position,
    /// Name of its library.
    pub library: String,
    /// Hash of all that decides what becomes of a file.
    pub work: Option<Digest>,
    /// The fold without its items.
    pub head: headway_model::snapshot::Snapshot,
    /// The hash of the whole fold, once the job is over.
    pub fold: Option<Digest>,
    /// What lists show.
    pub summary: JobSummary,
}

/// An item as rows keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The job.
    pub job_no: u64,
    /// Its index.
    pub item: u32,
    /// The file.
    pub file: PlannedFile,
    /// Where it stands.
    pub state: ItemState,
}

/// What events change of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// Where it stands.
    pub status: ItemStatus,
    /// Its last attempt.
    pub attempt: u32,
    /// The last failure in a person's words.
    pub message: Option<String>,
    /// What the recipe found: JSON.
    pub result: Option<String>,
}

/// A file that was done before, as its item tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneRow {
    /// The file as it was planned.
    pub file: PlannedFile,
    /// The job.
    pub job_no: u64,
    /// What the job did with each file; `None` for a job that put things back.
    pub work: Option<Digest>,
    /// What the recipe found: JSON.
    pub result: Option<String>,
}

/// Who runs an item, until when. The attempt is the fencing token: whoever lost the lease can record nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job_no: u64,
    /// The item.
    pub item: u32,
    /// The attempt that holds it.
    pub attempt: u32,
    /// The process that runs it.
    pub worker: String,
    /// It must be renewed before this time.
    pub until: Millis,
}

/// One transaction's worth: events and the rows that follow from them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The head of the log after it.
    pub head: Position,
    /// The digest in the row at the head.
    pub digest: Option<Digest>,
    /// The number that the next new job gets.
    pub next_job_no: u64,
    /// The events, in order.
    pub events: Vec<EventRow>,
    /// Jobs as they are after it.
    pub jobs: Vec<JobRow>,
    /// New items.
    pub planned: Vec<ItemRow>,
    /// Items that move: job, index, state after it. The last one of an item holds.
    pub moved: Vec<(u64, u32, ItemState)>,
    /// The process whose leases these are.
    pub worker: String,
    /// Leases taken (attempt, until) and given back (none), by job and item.
    pub leases: BTreeMap<(u64, u32), Option<(u32, Millis)>>,
}

/// A lease that is not renewed holds for so long, in milliseconds.
pub const LEASE: Millis = 30_000;

/// What a stored job needs beside its fold to be written as a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobKey {
    /// The store's number for the job.
    pub job_no: u64,
    /// Position of its first event.
    pub created_position: Position,
    /// Name of its library.
    pub library: String,
    /// Hash of all that decides what becomes of a file.
    pub work: Option<Digest>,
}

/// The detail of an event does not fit its payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the detail of event {seq} is not what its payload says: {reason}")]
pub struct BadDetail {
    /// The event.
    pub seq: Seq,
    /// What is wrong.
    pub reason: String,
}

impl Batch {
    /// Adds the item rows that follow from one event, given the fold before it and after it.
    pub fn derive(
        &mut self,
        job_no: u64,
        before: Option<&Idle>,
        after: &Fold,
        recorded: &Recorded,
        detail: Option<&str>,
    ) -> Result<(), BadDetail> {
        match &recorded.event {
            JobEvent::Planned { first, count, .. } => {
                self.plan(job_no, (*first, *count), after, recorded.seq, detail)?
            }
            JobEvent::Succeeded { item, .. } => self.move_item(job_no, *item, after, recorded, None, detail)?,
            JobEvent::Failed { item, message, .. } | JobEvent::AttemptFailed { item, message, .. } => {
                self.move_item(job_no, *item, after, recorded, Some(message), None)?;
            }
            JobEvent::Started { item, .. }
            | JobEvent::Placing { item, .. }
            | JobEvent::Skipped { item, .. }
            | JobEvent::Returned { item, .. }
            | JobEvent::Stopped { item, .. }
            | JobEvent::Recovered { item, .. }
            | JobEvent::Requeued { item }
            | JobEvent::Dropped { item } => self.move_item(job_no, *item, after, recorded, None, None)?,
            // These have no items, or cancel the idle ones.
            JobEvent::Created { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. } => {}
        }
        for (item, attempt) in before.into_iter().flat_map(|idle| &idle.0) {
            let state = ItemState { status: ItemStatus::Cancelled, attempt: *attempt, message: None, result: None };
            self.moved.push((job_no, *item, state));
        }
        Ok(())
    }

    /// Adds the rows of planned items, whose files the detail lists.
    fn plan(
        &mut self,
        job_no: u64,
        (first, count): (u32, u32),
        after: &Fold,
        seq: Seq,
        detail: Option<&str>,
    ) -> Result<(), BadDetail> {
        let bad = |reason: &str| BadDetail { seq, reason: reason.to_owned() };
        let files: Vec<PlannedFile> =
            serde_json::from_str(detail.unwrap_or("[]")).map_err(|error| bad(&error.to_string()))?;
        if files.len() != count as usize {
            return Err(bad("it lists another number of files"));
        }
        for (item, file) in (first..).zip(files) {
            let status = after.item(item).ok_or_else(|| bad("an item is missing"))?;
            let state = ItemState { status, attempt: 0, message: None, result: None };
            self.planned.push(ItemRow { job_no, item, file, state });
        }
        Ok(())
    }

    /// Adds an item's new state, and takes its lease or gives it back.
    fn move_item(
        &mut self,
        job_no: u64,
        item: u32,
        after: &Fold,
        recorded: &Recorded,
        message: Option<&String>,
        result: Option<&str>,
    ) -> Result<(), BadDetail> {
        let missing = || BadDetail { seq: recorded.seq, reason: "an item is missing".to_owned() };
        let status = after.item(item).ok_or_else(missing)?;
        let attempt = after.last_attempt(item);
        let (message, result) = (message.cloned(), result.map(str::to_owned));
        self.moved.push((job_no, item, ItemState { status, attempt, message, result }));
        if status != ItemStatus::Placing {
            let lease = (status == ItemStatus::Running).then_some((attempt, recorded.at + LEASE));
            self.leases.insert((job_no, item), lease);
        }
        Ok(())
    }
}

/// The items that an event which cancels all idle ones will cancel, with their last attempts as rows keep them.
pub struct Idle(Vec<(u32, u32)>);

impl Idle {
    /// Looks before the event is folded; `None` if the event cancels nothing.
    pub fn before(fold: &Fold, event: &JobEvent) -> Option<Idle> {
        if !matches!(event, JobEvent::Halted { .. } | JobEvent::Cancelled {}) {
            return None;
        }
        let idle = fold.items().filter(|(_, status)| status.is_idle());
        Some(Idle(idle.map(|(item, _)| (item, fold.last_attempt(item))).collect()))
    }
}

impl JobKey {
    /// Of a job's first event.
    pub fn of(job_no: u64, created_position: Position, created: &JobEvent, detail: Option<&str>) -> Self {
        let request: Option<StartJob> = detail.and_then(|text| serde_json::from_str(text).ok());
        let work = match created {
            JobEvent::Created { work, .. } => *work,
            _ => None,
        };
        JobKey { job_no, created_position, library: request.map(|request| request.library).unwrap_or_default(), work }
    }

    /// The row of the job whose fold stands at `last_position`.
    pub fn row(&self, fold: &Fold, last_position: Position) -> JobRow {
        JobRow {
            job_no: self.job_no,
            created_position: self.created_position,
            last_position,
            library: self.library.clone(),
            work: self.work,
            head: fold.head(),
            fold: fold.status.is_terminal().then(|| fold.hash()),
            summary: JobSummary::from(fold),
        }
    }
}
