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
    /// Whether it is a folder that could not be listed, which might contain wanted files.
    pub is_unlisted: bool,
}

/// Lists a file that was looked at.
pub(super) fn listed(path: RelPath, kind: EntryKind, size: u64, mtime_ns: i64) -> ListedFile {
    let skip = match kind {
        EntryKind::File | EntryKind::Folder => None,
        EntryKind::Symlink => Some(SkipReason::Symlink),
        EntryKind::Other => Some(SkipReason::NotAFile),
    };
    ListedFile { file: PlannedFile { path, size, mtime_ns, rerun: None, becomes: None }, skip, is_unlisted: false }
}

/// Lists a file that cannot be looked at, so that its attempt reports why; returns the error if the environment is to
/// blame.
pub(super) fn not_seen(path: RelPath, error: io::Error) -> io::Result<ListedFile> {
    match environment(&error) {
        Some(_) => Err(error),
        None => Ok(ListedFile { file: PlannedFile::not_seen(path), skip: None, is_unlisted: false }),
    }
}
