//! The rows that are derived from events.

mod columns;
mod derive;
mod job_key;

use std::collections::BTreeMap;

pub use columns::{JobColumns, done_codes};
pub use derive::{BadDetail, Idle, LEASE};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemStatus;
use headway_model::{Digest, JobSummary, PlannedFile, RelPath};
pub use job_key::JobKey;

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its position in the log.
    pub position: Position,
    /// The store's number for the job.
    pub job_no: u64,
    /// The job; [`EventRow::unknown_job`] if neither a row nor the event names it.
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

impl EventRow {
    /// Stands for a job that is not known. No job has this id.
    pub fn unknown_job() -> JobId {
        JobId::mint(0, [0; 10])
    }
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

impl ItemRow {
    /// The name that the job gave the file, if it gave it another one than it had: not always the name of the plan.
    pub fn moved_to(&self) -> Option<RelPath> {
        self.file.becomes.as_ref().filter(|_| matches!(self.state.status, ItemStatus::Succeeded(_)))?;
        let result: serde_json::Value = serde_json::from_str(self.state.result.as_deref()?).ok()?;
        result.get("moved")?.as_str()?.parse().ok()
    }
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

/// How a job ended for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// The file, by the name that the job left it with.
    pub path: RelPath,
    /// The name that the job took from the file, if it gave it another one.
    pub moved_from: Option<RelPath>,
    /// The recipe of the job.
    pub recipe: String,
    /// Hash of everything that determines what the job does to a file: two commands have the same recipe, and not the
    /// same work.
    pub work: Option<Digest>,
    /// The status that the file's item ended with.
    pub status: ItemStatus,
    /// The store's number for the job.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
}

/// A file that was already processed, as its item records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneRow {
    /// The file as planned.
    pub file: PlannedFile,
    /// The store's number for the job.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// Hash of everything that determined the output; `None` for an undo job.
    pub work: Option<Digest>,
    /// The recipe's result, as JSON.
    pub result: Option<String>,
}

/// A content that was processed or produced, where its hash was taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoneContent {
    /// The job.
    pub job: JobId,
    /// The file, as planned.
    pub path: RelPath,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of the content.
    pub hash: Digest,
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
