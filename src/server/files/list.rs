//! One folder, for a person to look at.

use std::io;
use std::os::unix::ffi::OsStrExt;

use super::{Library, kind, mtime_ns};
use crate::model::RelPath;
use crate::model::summary::{Entry, EntryKind, FolderPage};

/// A window of a folder: folders first, each group in byte order of names.
pub fn list(library: &Library, folder: &RelPath, offset: u32, limit: u32) -> io::Result<FolderPage> {
    let dir = library.folder(folder)?;
    let mut names = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        names.push((!is_folder, entry.file_name()));
    }
    names.sort();
    let window = names.iter().skip(offset as usize).take(limit as usize);
    let entries = window.filter_map(|(_, name)| {
        // A file that went away since the names were read is not worth a row.
        let metadata = dir.symlink_metadata(name).ok()?;
        let path = folder.join(name.as_bytes()).ok()?;
        let kind = kind(&metadata);
        let size = if kind == EntryKind::File { metadata.len() } else { 0 };
        let modified = u64::try_from(mtime_ns(&metadata) / 1_000_000).unwrap_or(0);
        Some(Entry { path, kind, size, modified, outcome: None })
    });
    let entries = entries.collect();
    Ok(FolderPage { folder: folder.clone(), entries, total: u32::try_from(names.len()).unwrap_or(u32::MAX), offset })
}
