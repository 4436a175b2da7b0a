//! A file as a plan lists it.

use std::io;

use super::environment;
use headway_model::library::EntryKind;
use headway_model::{PlannedFile, RelPath, SkipReason};

/// A file that a plan lists, and whether it will be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// The file.
    pub file: PlannedFile,
    /// Why it is skipped, if it is.
    pub skip: Option<SkipReason>,
    /// Its inode number, if a listing of a folder has looked at it.
    pub inode: Option<u64>,
}

impl ListedFile {
    /// A folder that cannot be listed.
    pub fn unlisted(folder: RelPath) -> Self {
        ListedFile { file: PlannedFile::not_listed(folder), skip: None, inode: None }
    }

    /// A folder that was removed before its files could be listed.
    pub(super) fn gone(folder: RelPath) -> Self {
        ListedFile { file: PlannedFile::not_listed(folder), skip: Some(SkipReason::Missing), inode: None }
    }

    /// A folder on a disk that is missing, and without which a person has the job go on: nothing is known of its files.
    pub fn on_missing_disk(folder: RelPath) -> Self {
        ListedFile { file: PlannedFile::not_listed(folder), skip: Some(SkipReason::DiskMissing), inode: None }
    }

    /// Whether the recipe and the rules about files apply to it. They do not apply to a file that is skipped, or to a
    /// folder that cannot be listed.
    pub fn is_asked_about(&self) -> bool {
        self.skip.is_none() && !self.file.is_unlisted()
    }
}

/// Lists a file that was looked at.
pub(super) fn listed(path: RelPath, kind: EntryKind, size: u64, mtime_ns: i64) -> ListedFile {
    let skip = match kind {
        EntryKind::File | EntryKind::Folder => None,
        EntryKind::Symlink => Some(SkipReason::Symlink),
        EntryKind::Other => Some(SkipReason::NotAFile),
    };
    ListedFile { file: PlannedFile { path, size, mtime_ns, rerun: None, becomes: None }, skip, inode: None }
}

/// Lists a file that cannot be looked at, so that its attempt reports why; returns the error if the environment is to
/// blame.
pub(super) fn not_seen(path: RelPath, error: io::Error) -> io::Result<ListedFile> {
    match environment(&error) {
        Some(_) => Err(error),
        None => Ok(ListedFile { file: PlannedFile::not_seen(path), skip: None, inode: None }),
    }
}
