//! How often an item has failed so that its file might be half changed, since this process began.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headway_model::{FailReason, ItemStatus, JobEvent};

/// The count. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Conflicts(Arc<AtomicU64>);

impl Conflicts {
    /// Takes in an event that was recorded.
    pub(super) fn note(&self, event: &JobEvent) {
        if let JobEvent::Failed { reason, .. } = event
            && can_be_open(ItemStatus::Failed(*reason))
        {
            self.0.fetch_add(1, Ordering::Release);
        }
    }

    /// How many there were. As long as it stays the same, the log has no further one.
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Whether an item that ended like this can have left a change open. An attempt that makes a change is never stopped, and
/// what goes wrong with the change itself is a conflict.
pub(super) fn can_be_open(status: ItemStatus) -> bool {
    matches!(status, ItemStatus::Failed(FailReason::Conflict | FailReason::Panic))
}
