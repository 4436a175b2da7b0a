//! Where the log lives. The writer commits batches; readers read pages. What a store must keep is said on the trait
//! and held by one test-suite for all of them (`tests/it/store.rs`).

mod index;
mod memory;
mod rebuild;
pub mod rows;
mod sqlite;
mod told;

use async_trait::async_trait;

pub use index::{FileIndex, SeenOutcome};
pub use memory::MemoryStore;
pub use rebuild::{RebuildError, Rebuilt, pruned, rebuild};
pub use sqlite::SqliteStore;
pub use told::internal;

use crate::rows::{Batch, DoneRow, EventRow, ItemRow, JobRow, Lease};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::{Digest, Fold, ItemStatus, PauseReason, RelPath};

/// The store failed. Whatever was not acknowledged may or may not be there after a restart.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What went wrong, in the store's own words.
    pub message: String,
    /// Why it can pass by itself, if it can: there is no room on the disk, no descriptor, no memory.
    pub passes: Option<PauseReason>,
}

impl StoreError {
    /// An error that does not pass by itself, as far as is known.
    pub fn new(message: impl Into<String>) -> Self {
        StoreError { message: message.into(), passes: None }
    }
}

/// A result of the store.
pub type Stored<T> = Result<T, StoreError>;

/// The head of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last position; 0 for an empty log.
    pub position: Position,
    /// The digest in its row.
    pub digest: Option<Digest>,
    /// The number that the next new job gets.
    pub next_job_no: u64,
}

/// Which jobs a list asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobFilter {
    /// Not terminal.
    Live,
    /// With an event after this position.
    ChangedAfter(Position),
    /// With its history, created before this job; all for `None`. Newest first.
    Before(Option<JobId>),
    /// Over, with anything left of its history, and a larger number than this. Oldest first.
    Over(u64),
    /// Putting back what this job did, or having done so, with its history. Newest first.
    Undoing(JobId),
}

/// A log with the rows derived from it.
///
/// Contract: positions become visible in order (who has read p will never see a new row at or below p), and none is
/// given twice, not even after pruning and a restart. A batch is visible whole or not at all, and once
/// [`Store::commit`] has answered it survives the death of the process and of the machine. One `commit` at a time.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes a batch in one durable transaction. After an error this store must not be written again.
    async fn commit(&self, batch: Batch) -> Stored<()>;

    /// The head of the log.
    async fn head(&self) -> Stored<Head>;

    /// The digest in the row at this position, if that row is there.
    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>>;

    /// Events of these jobs (of all, for an empty list) with `after < position <= up_to`, in order, at most `limit`.
    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>>;

    /// The last event of a job at or before a position: its seq and digest.
    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>>;

    /// One job.
    async fn job(&self, id: JobId) -> Stored<Option<JobRow>>;

    /// Jobs; in order of `last_position` unless the filter says otherwise.
    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>>;

    /// The folds of these jobs and the head, all of one moment. Unknown jobs are left out.
    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)>;

    /// The request a job was started with: the detail of its first event.
    async fn request(&self, job_no: u64) -> Stored<Option<String>>;

    /// Items with `item >= from`, in order, at most `limit`; of one status if given as a word.
    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<&str>) -> Stored<Vec<ItemRow>>;

    /// These items of a job, in order; those that are not there are left out.
    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>>;

    /// Events of one job with their details, behind a position, in order, at most `limit`.
    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>>;

    /// How these files of a library last ended in a job; files that never did are left out.
    async fn outcomes(&self, library: &str, paths: &[RelPath]) -> Stored<Vec<(RelPath, ItemStatus)>>;

    /// These files of a library, as items of this recipe that count as done: of each path the last one of each kind of work,
    /// and the last one of an undo (without a work). In no order.
    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath]) -> Stored<Vec<DoneRow>>;

    /// Size and hash of every content that this work was done to, or made in its place, as far as hashes were taken;
    /// without jobs that were undone.
    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<(u64, Digest)>>;

    /// Who runs what, as the last process left it or this one has it.
    async fn leases(&self) -> Stored<Vec<Lease>>;

    /// All leases of a process hold until then.
    async fn renew(&self, worker: &str, until: Millis) -> Stored<()>;

    /// Removes what is left of the history of a job whose `pruned` event stands at a position: at most `limit` rows, its
    /// lowest event first. Whether there is more.
    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool>;

    /// How many bytes the log takes; room that new events will fill is not counted.
    async fn bytes(&self) -> Stored<u64>;

    /// Removes every row that can be derived from events.
    async fn clear_rows(&self) -> Stored<()>;
}
