//! Whether an entry of a folder is a folder. Not every file system reports that with the name.

use std::io;

use cap_std::fs::{Dir, DirEntry};

use super::Found;
use super::folder_calls::FolderCalls;

/// Whether an entry of `dir` is a folder; a link is not.
pub(super) fn is_folder(dir: &Dir, entry: &DirEntry) -> Found<bool> {
    let kind = entry.file_type().and_then(|kind| match kind.is_dir() || kind.is_file() || kind.is_symlink() {
        true => Ok(kind),
        false => Ok::<_, io::Error>(dir.look_at(entry.file_name())?.file_type()),
    });
    Found::of(kind).map(|kind| kind.is_dir())
}
