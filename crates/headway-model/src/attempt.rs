//! What an attempt of a command said, as it is kept beside the log.

use serde::{Deserialize, Serialize};

/// The beginning and the end of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kept {
    /// Its beginning.
    pub head: String,
    /// How many bytes between the two are not kept.
    pub cut: u64,
    /// Its end, if it is longer than the beginning.
    pub tail: String,
}

/// An attempt that is over, as it is kept in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLog {
    /// Its number.
    pub attempt: u32,
    /// What was run, as a person reads it.
    pub argv: Vec<String>,
    /// Its exit code; 128 and more is the signal that ended it.
    pub exit: Option<i32>,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What it said.
    pub stdout: Kept,
    /// What it complained of.
    pub stderr: Kept,
}

impl AttemptLog {
    /// Whether nothing was said.
    pub fn is_silent(&self) -> bool {
        self.stdout.head.is_empty() && self.stderr.head.is_empty()
    }
}
