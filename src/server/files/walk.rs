//! Everything below a folder, in byte order of paths, for a plan.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;

use super::{Library, RESERVED, kind, mtime_ns, on_disk};
use crate::model::library::EntryKind;
use crate::model::{RelPath, SkipReason};
use crate::server::rows::PlannedFile;

/// A file that a plan lists, and why it will not be worked on, if so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: PlannedFile,
    /// Why it is left out.
    pub skip: Option<SkipReason>,
}

/// Visits every file below `folder` whose path comes after `behind`, until `visit` says stop by `false`.
/// A folder below it that cannot be listed is visited as if it were a file, so that it is not passed over in silence.
pub fn walk(
    library: &Library,
    folder: &RelPath,
    behind: Option<&RelPath>,
    visit: &mut dyn FnMut(Found) -> bool,
) -> io::Result<()> {
    let dir = library.folder(folder)?;
    let behind = behind.map(RelPath::to_bytes);
    descend(&dir, folder, behind.as_deref(), visit).map(drop)
}

/// What a plan says of one path that was named.
pub fn inspect(library: &Library, path: &RelPath) -> Found {
    let gone =
        |skip| Found { file: PlannedFile { path: path.clone(), size: 0, mtime_ns: 0, rerun: None }, skip: Some(skip) };
    match library.root().symlink_metadata(on_disk(path)) {
        Err(_) => gone(SkipReason::Missing),
        Ok(metadata) if kind(&metadata) == EntryKind::Folder => gone(SkipReason::NotAFile),
        Ok(metadata) => found(path.clone(), kind(&metadata), metadata.len(), mtime_ns(&metadata)),
    }
}

fn descend(
    dir: &Dir,
    folder: &RelPath,
    behind: Option<&[u8]>,
    visit: &mut dyn FnMut(Found) -> bool,
) -> io::Result<bool> {
    let mut entries: Vec<(Vec<u8>, OsString, bool)> = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        let name = entry.file_name();
        if name.as_bytes().starts_with(RESERVED) {
            continue;
        }
        // As bytes of whole paths sort: `a.txt` before `a/b`, since `.` comes before `/`.
        let mut key = name.as_bytes().to_vec();
        key.extend(is_folder.then_some(b'/'));
        entries.push((key, name, is_folder));
    }
    entries.sort();
    for (_, name, is_folder) in entries {
        let Ok(path) = folder.join(name.as_bytes()) else { continue };
        if is_folder {
            let inside = dir.open_dir(&name).and_then(|inside| descend(&inside, &path, behind, visit));
            match inside {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => {
                    let file = PlannedFile { path, size: 0, mtime_ns: 0, rerun: None };
                    if !visit(Found { file, skip: None }) {
                        return Ok(false);
                    }
                }
            }
            continue;
        }
        if behind.is_some_and(|behind| path.to_bytes().as_slice() <= behind) {
            continue;
        }
        // Gone since the names were read: it was never part of the plan.
        let Ok(metadata) = dir.symlink_metadata(&name) else { continue };
        if !visit(found(path, kind(&metadata), metadata.len(), mtime_ns(&metadata))) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn found(path: RelPath, kind: EntryKind, size: u64, mtime_ns: i64) -> Found {
    let skip = match kind {
        EntryKind::File | EntryKind::Folder => None,
        EntryKind::Symlink => Some(SkipReason::Symlink),
        EntryKind::Other => Some(SkipReason::NotAFile),
    };
    Found { file: PlannedFile { path, size, mtime_ns, rerun: None }, skip }
}
