//! Why a step of a job as a whole cannot be done.

use super::status::PauseReason;

/// Why a step of a job as a whole cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unable {
    /// Not at present, for this reason: the job is paused.
    Environment(PauseReason),
    /// Not at all, in a person's words: the job fails.
    Failed(String),
}

impl From<String> for Unable {
    fn from(message: String) -> Self {
        Unable::Failed(message)
    }
}
