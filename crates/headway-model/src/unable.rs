//! Why a step of a job as a whole cannot be done.

use std::fmt;

use super::status::PauseReason;

/// Why a step of a job as a whole cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unable {
    /// Not at present, for this reason: the job is paused.
    Environment(PauseReason),
    /// Not at all, in a person's words: the job fails.
    Failed(String),
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unable::Environment(reason) => f.write_str(reason.text()),
            Unable::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Unable {}

impl From<String> for Unable {
    fn from(message: String) -> Self {
        Unable::Failed(message)
    }
}
