//! What a scan of a library finds, part by part.

use super::id::Millis;
use super::library::EntryKind;
use super::path::RelPath;

/// One entry of a folder, as found on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEntry {
    /// Its name, encoded as in a [`RelPath`].
    pub name: String,
    /// Its kind.
    pub kind: EntryKind,
    /// Size in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Its inode number.
    pub inode: u64,
}

/// Consecutive entries of a folder, folders first, each group in byte order of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPart {
    /// The folder.
    pub folder: RelPath,
    /// The entry just before the first, as (is a leaf, name); `None` at the beginning of the folder.
    pub behind: Option<(bool, String)>,
    /// The last entry, as (is a leaf, name); `None` at the end of the folder. It might be missing from `entries` if it
    /// disappeared before it was inspected.
    pub up_to: Option<(bool, String)>,
    /// The entries.
    pub entries: Vec<SeenEntry>,
    /// How many entries of the folder were left behind by systems, such as `.DS_Store`. They are in no part; only the
    /// last part counts them.
    pub litter: u64,
    /// When the reading of the folder began; set only on its last part.
    pub whole: Option<Millis>,
}
