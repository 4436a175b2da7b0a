//! What a person can do to a job that is running or has ended.

use serde::{Deserialize, Serialize};

/// An action on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Start no new items until the job is resumed.
    Pause,
    /// Continue; interrupted items that waited for a decision run again.
    Resume,
    /// Continue without the interrupted items, which count as failed.
    LeaveOut,
    /// Approve the plan, so that it runs.
    Approve,
    /// Retry this failed item, or all of them.
    Retry(Option<u32>),
    /// Change how the job runs.
    Change {
        /// Higher priorities run first.
        priority: Option<i32>,
        /// How many items run at once; 0 lets the server decide.
        concurrency: Option<u32>,
    },
    /// Permanently delete the originals in the job's trash.
    EmptyTrash,
}
