//! The rows that are derived from events, by the same functions for the live path and for a rebuild.

use std::collections::BTreeMap;

use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemStatus;
use headway_model::{Digest, Fold, JobSummary, PlannedFile, StartJob};

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its position in the log.
    pub position: Position,
    /// The store's number for the job.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// Its number within the job.
    pub seq: Seq,
    /// The payload: the bytes that were hashed.
    pub payload: String,
    /// The larger content whose hash the payload carries.
    pub detail: Option<String>,
    /// The chain up to this event.
    pub digest: Digest,
}

/// A job as its row stores it: its fold without the items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// The store's number for the job; never assigned twice.
    pub job_no: u64,
    /// Position of its first event.
    pub created_position: Position,
    /// Position of its last event.
    pub last_position: Position,
    /// Name of its library.
    pub library: String,
    /// Hash of everything that determines the output for a file.
    pub work: Option<Digest>,
    /// The fold without its items.
    pub head: headway_model::snapshot::Snapshot,
    /// The hash of the whole fold, once the job is over.
    pub fold: Option<Digest>,
    /// The summary that lists show.
    pub summary: JobSummary,
}

/// An item as its row stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The job.
    pub job_no: u64,
    /// Its index.
    pub item: u32,
    /// The file.
    pub file: PlannedFile,
    /// Its status.
    pub state: ItemState,
}

/// The part of an item that events change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// Its status.
    pub status: ItemStatus,
    /// Its last attempt.
    pub attempt: u32,
    /// The message of its last failure.
    pub message: Option<String>,
    /// The recipe's result, as JSON.
    pub result: Option<String>,
}

/// A file that was already processed, as its item records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneRow {
    /// The file as planned.
    pub file: PlannedFile,
    /// The job.
    pub job_no: u64,
    /// Hash of everything that determined the output; `None` for an undo job.
    pub work: Option<Digest>,
    /// The recipe's result, as JSON.
    pub result: Option<String>,
}

/// Which process runs an item, and until when. The attempt is the fencing token: a process that lost the lease cannot
/// record anything.
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

/// The content of one transaction: events and the rows derived from them.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The head of the log after the transaction.
    pub head: Position,
    /// The digest in the row at the head.
    pub digest: Option<Digest>,
    /// The number for the next new job.
    pub next_job_no: u64,
    /// The events, in order.
    pub events: Vec<EventRow>,
    /// Jobs in their state after the transaction.
    pub jobs: Vec<JobRow>,
    /// New items.
    pub planned: Vec<ItemRow>,
    /// Items that move: job, index, and state after the transaction. The last entry for an item counts.
    pub moved: Vec<(u64, u32, ItemState)>,
    /// The process whose leases these are.
    pub worker: String,
    /// Leases by job and item: `Some((attempt, until))` takes one, `None` gives it back.
    pub leases: BTreeMap<(u64, u32), Option<(u32, Millis)>>,
}

/// How long a lease holds without renewal, in milliseconds.
pub const LEASE: Millis = 30_000;

/// What a job's row needs besides the fold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobKey {
    /// The store's number for the job.
    pub job_no: u64,
    /// Position of its first event.
    pub created_position: Position,
    /// Name of its library.
    pub library: String,
    /// Hash of everything that determines the output for a file.
    pub work: Option<Digest>,
}

/// The detail of an event does not match its payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the detail of event {seq} does not match its payload: {reason}")]
pub struct BadDetail {
    /// The event.
    pub seq: Seq,
    /// What is wrong.
    pub reason: String,
}

impl Batch {
    /// Adds the item rows that are derived from one event, given the fold before and after it.
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
            | JobEvent::Changing { item, .. }
            | JobEvent::Skipped { item, .. }
            | JobEvent::Returned { item, .. }
            | JobEvent::Stopped { item, .. }
            | JobEvent::Recovered { item, .. }
            | JobEvent::Requeued { item }
            | JobEvent::Dropped { item } => self.move_item(job_no, *item, after, recorded, None, None)?,
            // These concern no items, or cancel the idle ones.
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

    /// Adds the rows of planned items. The detail lists their files.
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
            return Err(bad("the number of files differs"));
        }
        for (item, file) in (first..).zip(files) {
            let status = after.item(item).ok_or_else(|| bad("an item is missing"))?;
            let state = ItemState { status, attempt: 0, message: None, result: None };
            self.planned.push(ItemRow { job_no, item, file, state });
        }
        Ok(())
    }

    /// Adds an item's new state, and takes or releases its lease.
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

/// The items that a cancelling event will cancel, with the last attempts that their rows store.
pub struct Idle(Vec<(u32, u32)>);

impl Idle {
    /// Finds them before the event is folded; `None` if the event cancels nothing.
    pub fn before(fold: &Fold, event: &JobEvent) -> Option<Idle> {
        if !matches!(event, JobEvent::Halted { .. } | JobEvent::Cancelled {}) {
            return None;
        }
        let idle = fold.items().filter(|(_, status)| status.is_idle());
        Some(Idle(idle.map(|(item, _)| (item, fold.last_attempt(item))).collect()))
    }
}

impl JobKey {
    /// The key of a job, from its first event.
    pub fn of(job_no: u64, created_position: Position, created: &JobEvent, detail: Option<&str>) -> Self {
        let request: Option<StartJob> = detail.and_then(|text| serde_json::from_str(text).ok());
        let work = match created {
            JobEvent::Created { work, .. } => *work,
            _ => None,
        };
        JobKey { job_no, created_position, library: request.map(|request| request.library).unwrap_or_default(), work }
    }

    /// The row of the job, with its fold at `last_position`.
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
