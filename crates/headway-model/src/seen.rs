//! What a scan of a library sees, part by part.

use super::id::Millis;
use super::library::EntryKind;
use super::path::RelPath;

/// One entry of a folder, as the disk has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEntry {
    /// Its name, coded as in a [`RelPath`].
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Size in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Its number in its file system.
    pub inode: u64,
}

/// Consecutive entries of a folder, folders first, each group in byte order of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPart {
    /// The folder.
    pub folder: RelPath,
    /// The entry before the first: whether it is a leaf, and its name; `None` at the beginning.
    pub behind: Option<(bool, String)>,
    /// The last entry; `None` at the end. (It may be gone by the time that `entries` were looked at.)
    pub up_to: Option<(bool, String)>,
    /// The entries.
    pub entries: Vec<SeenEntry>,
    /// When the folder was read, with its last part.
    pub whole: Option<Millis>,
}
