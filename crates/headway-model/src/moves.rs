//! Renames, as a `changing` event records them before they happen.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::path::RelPath;
use crate::read::FromJson;

/// A file that is renamed. A file that already has the new name is never overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Move {
    /// Its old name.
    pub from: RelPath,
    /// Its new name.
    pub to: RelPath,
    /// Its size in bytes. The file is recognised by its size and its time.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Hash of its content, if the content was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Digest>,
    /// Its inode number, if nothing else tells it from another file of the same change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
}

impl Move {
    /// The rename that takes this one back.
    pub fn inverse(&self) -> Move {
        Move { from: self.to.clone(), to: self.from.clone(), ..self.clone() }
    }
}
