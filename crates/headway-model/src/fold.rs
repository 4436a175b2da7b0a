//! A job's state, folded from its events up to a `seq`.

mod apply;
mod last_attempts;

use super::counters::Counters;
use super::digest::Digest;
use super::done::Reruns;
use super::event::{HaltBy, HaltWhen};
use super::id::{JobId, Millis, Seq};
use super::item::ItemStatus;
use super::status::JobStatus;
use super::worked::Worked;
pub use apply::FoldError;
use last_attempts::LastAttempts;

/// A job after its first `seq` events. It takes one byte an item, so a job of 100,000 files takes 100 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The job.
    pub id: JobId,
    /// How many events were folded.
    pub seq: Seq,
    /// The digest over these events.
    pub digest: Digest,
    /// The name of the recipe.
    pub recipe: String,
    /// The title that a person reads.
    pub title: String,
    /// Hash of the request.
    pub request: Digest,
    /// The job this one retries.
    pub parent: Option<JobId>,
    /// Its status.
    pub status: JobStatus,
    /// Whether a person must approve the plan.
    pub approval: bool,
    /// Whether the list of items is complete.
    pub plan_ended: bool,
    /// How many already processed items run again.
    pub reruns: Reruns,
    /// The halt, once the job is halted.
    pub halt: Option<(HaltBy, HaltWhen)>,
    /// Higher priorities run first.
    pub priority: i32,
    /// Maximum number of items to run at once; 0 lets the server decide.
    pub concurrency: u32,
    /// Why the job as a whole failed, as a text for people.
    pub message: Option<String>,
    /// When it was created.
    pub created: Millis,
    /// When it first began to process.
    pub began: Option<Millis>,
    /// When it ended.
    pub ended: Option<Millis>,
    /// How long it has been at work; `None` if it has not begun, or if an older version recorded its beginning.
    pub worked: Option<Worked>,
    /// Whether its history was removed.
    pub pruned: bool,
    /// Items by status.
    pub counters: Counters,
    /// How many of the running items are having their output placed.
    pub(super) placing: u32,
    pub(super) items: Vec<u8>,
    pub(super) attempts: LastAttempts,
}

impl Fold {
    /// The status of an item.
    pub fn item(&self, item: u32) -> Option<ItemStatus> {
        self.items.get(item as usize).copied().and_then(ItemStatus::from_byte)
    }

    /// Every item, in order.
    pub fn items(&self) -> impl Iterator<Item = (u32, ItemStatus)> + '_ {
        (0u32..).zip(self.items.iter().filter_map(|byte| ItemStatus::from_byte(*byte)))
    }

    /// Every item in order, by the byte that [`ItemStatus::byte`] makes of its status.
    pub fn bytes(&self) -> &[u8] {
        &self.items
    }

    /// The number of the item's last attempt; 0 if it was never tried, and also for a cancelled item that was tried once.
    pub fn last_attempt(&self, item: u32) -> u32 {
        let once = |status| {
            matches!(
                status,
                ItemStatus::Succeeded(_) | ItemStatus::Failed(_) | ItemStatus::Skipped { planned: false, .. }
            )
        };
        match self.attempts.get(item) {
            Some(attempt) => attempt,
            None => u32::from(self.item(item).is_some_and(once)),
        }
    }
}
