//! The output of an attempt of a command, stored beside the log.

use serde::{Deserialize, Serialize};

/// The beginning and the end of an output stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kept {
    /// Its beginning.
    pub head: String,
    /// How many bytes between the two were dropped.
    pub cut: u64,
    /// Its end; empty if the beginning is all of it.
    pub tail: String,
}

/// A finished attempt, as stored in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLog {
    /// Its number.
    pub attempt: u32,
    /// The command line, in readable form.
    pub argv: Vec<String>,
    /// Its exit code; 128 + N means that signal N ended it.
    pub exit: Option<i32>,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Its standard output.
    pub stdout: Kept,
    /// Its standard error.
    pub stderr: Kept,
}

impl AttemptLog {
    /// Whether the command wrote nothing.
    pub fn is_silent(&self) -> bool {
        self.stdout.head.is_empty() && self.stderr.head.is_empty()
    }
}
