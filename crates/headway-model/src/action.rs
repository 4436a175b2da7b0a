//! What a person may do to a job that is under way, or over.

use serde::{Deserialize, Serialize};

/// One such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Start nothing new until it is resumed.
    Pause,
    /// Go on; interrupted items that a person was asked about run again.
    Resume,
    /// Go on without the interrupted items: they count as failed.
    LeaveOut,
    /// Carry out the plan.
    Approve,
    /// Run failed items again: this one, or all.
    Retry(Option<u32>),
    /// Change how it is run.
    Change {
        /// Higher goes first.
        priority: Option<i32>,
        /// How many items run at once; 0 leaves it to the server.
        concurrency: Option<u32>,
    },
    /// Remove the originals in its trash for good.
    EmptyTrash,
}
