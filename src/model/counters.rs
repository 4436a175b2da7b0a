//! How many items stand where. They add up to the total at every `seq`.

use serde::{Deserialize, Serialize};

use super::item::ItemStatus;

/// Items by status; `total` is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// All items planned so far.
    pub total: u32,
    /// Not tried yet, or to be tried again.
    pub waiting: u32,
    /// Held by a worker; those moving their output into place included.
    pub running: u32,
    /// Their worker died.
    pub interrupted: u32,
    /// Done.
    pub succeeded: u32,
    /// Nothing to do; by the plan or by an attempt.
    pub skipped: u32,
    /// Of the skipped, those the plan skipped: they never ran.
    pub skipped_in_plan: u32,
    /// Their last try failed.
    pub failed: u32,
    /// Ended by a cancel or a halt.
    pub cancelled: u32,
}

impl Counters {
    /// Counts one more item that stands at `status`.
    pub fn add(&mut self, status: ItemStatus) {
        self.total += 1;
        *self.slot(status) += 1;
        if let ItemStatus::Skipped { planned: true, .. } = status {
            self.skipped_in_plan += 1;
        }
    }

    /// Moves one item.
    pub fn shift(&mut self, from: ItemStatus, to: ItemStatus) {
        *self.slot(from) -= 1;
        *self.slot(to) += 1;
    }

    /// Items that are over, whatever their end.
    pub fn settled(&self) -> u32 {
        self.succeeded + self.skipped + self.failed + self.cancelled
    }

    /// Items that were seen to: settled, but not by a cancel or a halt.
    pub fn done(&self) -> u32 {
        self.succeeded + self.skipped + self.failed
    }

    /// Items the job still waits for.
    pub fn open(&self) -> u32 {
        self.waiting + self.running + self.interrupted
    }

    /// Whether at least one item failed, and none that ran ended in another way.
    pub fn all_failed(&self) -> bool {
        self.failed > 0 && self.succeeded == 0 && self.skipped == self.skipped_in_plan
    }

    /// Whether the parts are the whole.
    pub fn add_up(&self) -> bool {
        self.total == self.open() + self.settled()
    }

    fn slot(&mut self, status: ItemStatus) -> &mut u32 {
        match status {
            ItemStatus::Waiting => &mut self.waiting,
            ItemStatus::Running | ItemStatus::Placing => &mut self.running,
            ItemStatus::Interrupted => &mut self.interrupted,
            ItemStatus::Succeeded(_) => &mut self.succeeded,
            ItemStatus::Skipped { .. } => &mut self.skipped,
            ItemStatus::Failed(_) => &mut self.failed,
            ItemStatus::Cancelled => &mut self.cancelled,
        }
    }
}
