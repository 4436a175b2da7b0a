//! Stores the log. The [`Writer`] makes batches, a store commits them, and readers read pages. The contract of a store is
//! on the [`Store`] trait. One suite of tests, made by `store_contract!` of the feature `testing`, checks it for any store.

mod copy;
mod failure;
mod index;
mod memory;
pub mod mend;
mod pages;
mod rebuild;
pub mod replay;
pub mod rows;
mod set_aside;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;

pub use copy::{CopiedLog, compare, copy};
pub use failure::internal;
pub use index::{FileIndex, LibraryFolders, SeenOutcome};
pub use memory::MemoryStore;
pub use pages::{EventPages, ItemPages, OverPages};
pub use rebuild::{Rebuilt, pruned, rebuild};
pub use set_aside::SetAside;
pub use sqlite::SqliteStore;
pub use writer::{Append, AppendError, DETAIL_LIMIT, Receipt, Writer, WriterEffect};

use crate::rows::{Batch, DoneContent, DoneRow, EventRow, ItemRow, JobRow, Lease, OutcomeRow};
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::item::ItemLabel;
use headway_model::item_filter::MatchingItems;
use headway_model::library::Pattern;
use headway_model::load::Load;
use headway_model::{Digest, Fold, PauseReason, RelPath};

/// The store failed. After a restart, what was not acknowledged might or might not be there.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What went wrong, in the store's own words.
    pub message: String,
    /// The shortage that caused it, if it can pass by itself: of disk space, descriptors or memory.
    pub passes: Option<PauseReason>,
    /// The rows that cannot be read, if that is why.
    pub(crate) damaged: Option<DamagedRows>,
    /// Whether the job that was asked for is set aside.
    pub(crate) aside: bool,
    /// Whether the log could not be reached, so that nothing was asked.
    pub(crate) away: bool,
}

/// Derived rows with a value that this program does not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DamagedRows {
    /// Those of the job with this number.
    OfJob(i64),
    /// Those of a job that has yet to be found.
    OfAny,
}

impl StoreError {
    /// An error that, as far as is known, does not pass by itself.
    pub fn new(message: impl Into<String>) -> Self {
        StoreError { message: message.into(), passes: None, damaged: None, aside: false, away: false }
    }

    /// The same error, caused by a shortage that can pass by itself.
    #[must_use]
    pub fn passing(self, passes: Option<PauseReason>) -> Self {
        StoreError { passes, ..self }
    }

    /// The same error, because the log cannot be reached now.
    #[must_use]
    pub fn while_away(self) -> Self {
        StoreError { away: true, ..self }
    }

    /// An error at a row of the job with this number, which can be made again from the events.
    pub fn damaged(job_no: u64, why: &str) -> Self {
        let damaged = Some(DamagedRows::OfJob(job_no.cast_signed()));
        StoreError { damaged, ..StoreError::new(format!("the rows of job number {job_no} cannot be read: {why}")) }
    }

    /// Whether it was asked for a job that is set aside.
    pub fn is_set_aside(&self) -> bool {
        self.aside
    }

    /// The number of the job whose rows cannot be read, if that is why and it is known.
    pub fn damaged_job(&self) -> Option<u64> {
        match self.damaged? {
            DamagedRows::OfJob(job_no) => u64::try_from(job_no).ok(),
            DamagedRows::OfAny => None,
        }
    }

    /// Whether rows cannot be read that can be made again from the events.
    pub fn is_damaged_row(&self) -> bool {
        self.damaged.is_some()
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
    /// The number for the next new job.
    pub next_job_no: u64,
}

/// Which jobs to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobFilter {
    /// Jobs that are not terminal.
    Live,
    /// Jobs with an event after this position.
    ChangedAfter(Position),
    /// Jobs with their history that were created before this job, or all for `None`. Newest first.
    Before(Option<JobId>),
    /// Terminal jobs with any history left and a larger number than this. Oldest first.
    Over(u64),
    /// Jobs with their history that undo, or have undone, this job. Newest first.
    Undoing(JobId),
    /// Jobs with their history that run files of this job again. Newest first.
    Retrying(JobId),
    /// Jobs with their history that were created after this one, do the same work, and run items of any other job again.
    /// Newest first.
    Repeating(JobId),
    /// Jobs with their history that undo any job, and were created after this one, or all for `None`. Newest first.
    Undos(Option<JobId>),
}

/// A log with the rows derived from it.
///
/// Contract: positions become visible in order (a reader that has read p never sees a new row at or below p), and no
/// position is assigned twice, not even after pruning and a restart. A batch is visible whole or not at all. Once
/// [`Store::commit`] returns, the batch survives the death of the process and of the machine. Only one `commit` runs at
/// a time.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Writes a batch in one durable transaction. After an error, nothing must be written to this store again.
    async fn commit(&self, batch: Batch) -> Stored<()>;

    /// The head of the log.
    async fn head(&self) -> Stored<Head>;

    /// The digest in the row at this position, if the row exists.
    async fn digest_at(&self, position: Position) -> Stored<Option<Digest>>;

    /// Events of these jobs (of all, for an empty list) with `after < position <= up_to`, in order, at most `limit`.
    async fn events(&self, jobs: &[u64], after: Position, up_to: Position, limit: u32) -> Stored<Vec<EventRow>>;

    /// The `seq` and digest of a job's last event at or before a position.
    async fn event_before(&self, job_no: u64, position: Position) -> Stored<Option<(Seq, Digest)>>;

    /// The position and the digest of a job's event with this number.
    async fn event_at(&self, job_no: u64, seq: Seq) -> Stored<Option<(Position, Digest)>>;

    /// One job.
    async fn job(&self, id: JobId) -> Stored<Option<JobRow>>;

    /// Jobs; in order of `last_position` unless the filter says otherwise.
    async fn jobs(&self, filter: JobFilter, limit: u32) -> Stored<Vec<JobRow>>;

    /// The folds of these jobs and the head, all taken at one moment. Unknown jobs are omitted.
    async fn folds(&self, jobs: &[JobId]) -> Stored<(Position, Vec<Fold>)>;

    /// The request that started a job: the detail of its first event.
    async fn request(&self, job_no: u64) -> Stored<Option<String>>;

    /// Items with `item >= from`, in order, at most `limit`; only those with the status of this label, if one is given.
    async fn items(&self, job_no: u64, from: u32, limit: u32, status: Option<ItemLabel>) -> Stored<Vec<ItemRow>>;

    /// How many files of a job are done and open, and their bytes.
    async fn load(&self, job_no: u64) -> Stored<Load>;

    /// These items of a job, in order; missing ones are omitted.
    async fn items_at(&self, job_no: u64, items: &[u32]) -> Stored<Vec<ItemRow>>;

    /// The items of these jobs for these files, in no order.
    async fn items_for(&self, jobs: &[u64], paths: &[RelPath]) -> Stored<Vec<ItemRow>>;

    /// The items of a job whose path matches, in order.
    async fn named(&self, job_no: u64, pattern: &Pattern) -> Stored<MatchingItems>;

    /// The groups of a job's items.
    async fn groups(&self, job_no: u64, by: GroupBy) -> Stored<ItemGroups>;

    /// Events of one job with their details, after a position, in order, at most `limit`.
    async fn history(&self, job_no: u64, after: Position, limit: u32) -> Stored<Vec<EventRow>>;

    /// How jobs with a lower number than `before` ended for these files of a library, in no order: for each name, work
    /// and status the last job. A job that renamed a file is listed under the file's new name only. Ignores the jobs
    /// with the numbers `but`.
    async fn outcomes(&self, library: &str, paths: &[RelPath], before: u64, but: &[u64]) -> Stored<Vec<OutcomeRow>>;

    /// The processed items of this recipe for these files of a library, in no order: for each path the last item of
    /// each `work`, and the last item of an undo (which has no `work`). `but` as in [`Store::outcomes`].
    async fn done(&self, library: &str, recipe: &str, paths: &[RelPath], but: &[u64]) -> Stored<Vec<DoneRow>>;

    /// Every content that this `work` processed or produced, where hashes were taken. Excludes jobs that were undone.
    async fn done_contents(&self, library: &str, work: Digest) -> Stored<Vec<DoneContent>>;

    /// All leases: those that the last process left, and those of this process.
    async fn leases(&self) -> Stored<Vec<Lease>>;

    /// Renews all leases of a process until this time.
    async fn renew(&self, worker: &str, until: Millis) -> Stored<()>;

    /// Removes up to `limit` remaining rows of the history of a job whose `pruned` event is at `pruned_at`, lowest
    /// event first. Returns whether more rows remain.
    async fn trim(&self, job_no: u64, pruned_at: Position, limit: u32) -> Stored<bool>;

    /// The size of the log in bytes, without free space that new events will fill.
    async fn bytes(&self) -> Stored<u64>;

    /// Removes the rows of a job whose events cannot be read. From then on the job is in no list, and asking for it fails.
    async fn set_aside(&self, aside: &SetAside) -> Stored<()>;

    /// The jobs that are set aside.
    async fn aside(&self) -> Stored<Vec<SetAside>>;

    /// Removes every row that is derived from events.
    async fn clear_rows(&self) -> Stored<()>;

    /// Writes events of another store's log, and what follows from them, as [`Store::commit`] does. They keep their
    /// positions, and those that the other log has no more stay free.
    async fn copy_in(&self, batch: Batch) -> Stored<()> {
        self.commit(batch).await
    }

    /// Whether it is certain that no other process writes the log and acts on it. A log that another process can take over
    /// is certain only for a moment after it has confirmed that none has.
    fn is_sure(&self) -> bool {
        true
    }

    /// Notes that nothing of this process acts any more, so that whoever comes next need not wait for it. Nothing can be
    /// written from then on.
    async fn leave(&self) -> Stored<()> {
        Ok(())
    }

    /// Why the log cannot be reached now, while it is expected back by itself: commits wait for it, and reads fail. `None`
    /// for a log that is on this machine.
    fn away(&self) -> Option<String> {
        None
    }

    /// The same log, whose reads wait while it is away; `None` if it is never away.
    fn patient(&self) -> Option<Arc<dyn Store>> {
        None
    }
}
