//! Why a step of the whole job, rather than of one item, cannot be carried out.

use std::fmt;

use super::status::PauseReason;

/// Why a step of the whole job, rather than of one item, cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unable {
    /// The environment prevents it for now: the job is paused for this reason.
    Environment(PauseReason),
    /// The same, and this call failed: what was to be done, to what, and the system's error.
    Call(PauseReason, String),
    /// It cannot succeed: the job fails with this message.
    Failed(String),
}

impl Unable {
    /// Why the job is paused, if it is.
    pub fn pause(&self) -> Option<PauseReason> {
        match self {
            Unable::Environment(reason) | Unable::Call(reason, _) => Some(*reason),
            Unable::Failed(_) => None,
        }
    }
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unable::Environment(reason) => f.write_str(reason.text()),
            Unable::Call(_, message) | Unable::Failed(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Unable {}

impl From<String> for Unable {
    fn from(message: String) -> Self {
        Unable::Failed(message)
    }
}
