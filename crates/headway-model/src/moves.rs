//! Changes of names, as a `changing` event records them before they happen.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::path::RelPath;

/// A file that gets another name. Nothing that already has this name is ever overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The name that it has.
    pub from: RelPath,
    /// The name that it gets.
    pub to: RelPath,
    /// Its size in bytes: by this and its time the file is known again.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Hash of its content, if that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Digest>,
    /// Its inode number, where only that tells it from another file of the same change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
}

impl Move {
    /// The way back.
    pub fn inverse(&self) -> Move {
        Move { from: self.to.clone(), to: self.from.clone(), ..self.clone() }
    }
}
