//! The output of an attempt of a command, stored beside the log.

use serde::{Deserialize, Serialize};

use super::serde_defaults::is_default;
use crate::read::FromJson;

/// What the message of a failed command says of its file, after what the program itself said.
pub const CHANGED_MEANWHILE: &str = "; the file was changed meanwhile: ";

/// The beginning and the end of an output stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Kept {
    /// Its beginning.
    pub head: String,
    /// How many bytes were dropped between the beginning and the end.
    pub cut: u64,
    /// Its end; empty if `head` holds the whole output.
    pub tail: String,
}

/// The output of an attempt: of one that has ended, as stored in the data folder, or of one that is still running, up
/// to now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether the attempt is still running, so that this is only its output so far. Such a log is never stored.
    #[serde(default, skip_serializing_if = "is_default")]
    pub running: bool,
}

impl AttemptLog {
    /// Whether the command wrote nothing.
    pub fn is_silent(&self) -> bool {
        self.stdout.head.is_empty() && self.stderr.head.is_empty()
    }
}
