//! What an accepted event does to a job.

use crate::item::{ItemStatus, SkipReason};
use crate::status::JobStatus;

/// What an accepted event does to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The status after it.
    pub status: JobStatus,
    /// What else changes.
    pub change: FoldChange,
}

/// The part of a job that an event changes, apart from its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoldChange {
    /// Nothing, or a field that the event itself carries.
    Head,
    /// Items are added, some of them skipped.
    Items {
        /// How many.
        count: u32,
        /// Runs of skipped items as (first index, length, reason).
        skips: Vec<(u32, u32, SkipReason)>,
    },
    /// One item moves.
    Item {
        /// Its index.
        item: u32,
        /// Its status before the event.
        from: ItemStatus,
        /// Its status after the event.
        to: ItemStatus,
        /// Its last attempt after the event.
        attempt: u32,
    },
    /// Every waiting or interrupted item is cancelled.
    CancelIdle,
}
