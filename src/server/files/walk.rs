//! Everything below a folder, in byte order of paths, for a plan.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::found::is_absent;
use super::{Found, Library, environment, kind, mtime_ns};
use crate::model::library::EntryKind;
use crate::model::path::is_reserved;
use crate::model::{PauseReason, RelPath, SkipReason};
use crate::server::rows::PlannedFile;

/// A file that a plan lists, and why it will not be worked on, if so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub file: PlannedFile,
    /// Why it is left out.
    pub skip: Option<SkipReason>,
}

/// Visits every file below `folder` whose path comes after `behind`, until `visit` says stop by `false`.
///
/// Nothing is passed over in silence: what cannot be looked at is visited too, a folder that cannot be listed as if it were a file.
/// Fails if the folder itself cannot be listed, or where the environment is to blame.
pub fn walk(
    library: &Library,
    folder: &RelPath,
    behind: Option<&RelPath>,
    visit: &mut dyn FnMut(Listed) -> bool,
) -> io::Result<()> {
    let opened = library.believed(Found::of(library.enter_folder(folder)));
    let dir = opened.known()?.ok_or(io::Error::from(rustix::io::Errno::NOENT))?;
    let behind = behind.map(RelPath::to_bytes);
    descend(&dir, folder, behind.as_deref(), visit).map(drop)
}

/// What a plan says of one path that was named; an error if no file can be looked at.
pub fn inspect(library: &Library, path: &RelPath) -> Result<Listed, PauseReason> {
    let parent = path.parent().unwrap_or_default();
    let admitted = if parent.is_root() { Ok(()) } else { library.enter_folder(&parent).map(drop) };
    let found = library.believed(Found::of(admitted)).and_then(|()| library.look(path));
    let without = |skip| Listed { file: PlannedFile { path: path.clone(), size: 0, mtime_ns: 0, rerun: None }, skip };
    match found {
        Found::There(metadata) if kind(&metadata) == EntryKind::Folder => Ok(without(Some(SkipReason::NotAFile))),
        Found::There(metadata) => Ok(listed(path.clone(), kind(&metadata), metadata.len(), mtime_ns(&metadata))),
        Found::Absent => Ok(without(Some(SkipReason::Missing))),
        Found::Unknown(error) => not_seen(path.clone(), error).map_err(|error| {
            // It is one of the environment's, or it would have been listed.
            environment(&error).unwrap_or(PauseReason::LibraryGone)
        }),
    }
}

/// A file that cannot be looked at, for its attempt to tell; the error if that is the environment's.
fn not_seen(path: RelPath, error: io::Error) -> io::Result<Listed> {
    match environment(&error) {
        Some(_) => Err(error),
        None => Ok(Listed { file: PlannedFile::not_seen(path), skip: None }),
    }
}

fn descend(
    dir: &Dir,
    folder: &RelPath,
    behind: Option<&[u8]>,
    visit: &mut dyn FnMut(Listed) -> bool,
) -> io::Result<bool> {
    let is_behind = |key: &[u8]| behind.is_none_or(|behind| key > behind);
    for (_, name, is_folder) in entries(dir)? {
        let Ok(path) = folder.join(name.as_bytes()) else { continue };
        if is_folder {
            let inside = dir.open_dir_nofollow(&name).and_then(|inside| descend(&inside, &path, behind, visit));
            match inside {
                Ok(true) => continue,
                Ok(false) => return Ok(false),
                // Gone, or no folder any more: the look below tells.
                Err(error) if is_absent(&error) => {}
                Err(error) => {
                    let whole = [&path.to_bytes()[..], b"/"].concat();
                    let is_new = is_behind(&whole) && behind != Some(&path.to_bytes());
                    if is_new && !visit(not_seen(path, error)?) {
                        return Ok(false);
                    }
                    continue;
                }
            }
        }
        if !is_behind(&path.to_bytes()) {
            continue;
        }
        let file = match Found::of(dir.symlink_metadata(&name)) {
            // Gone since the names were read: it was never part of the plan.
            Found::Absent => continue,
            Found::There(found) if found.is_dir() && is_folder => continue,
            Found::There(found) => listed(path, kind(&found), found.len(), mtime_ns(&found)),
            Found::Unknown(error) => not_seen(path, error)?,
        };
        if !visit(file) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is in a folder, as bytes of whole paths sort: `a.txt` before `a/b`, since `.` comes before `/`.
fn entries(dir: &Dir) -> io::Result<Vec<(Vec<u8>, OsString, bool)>> {
    let mut entries = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if is_reserved(name.as_bytes()) {
            continue;
        }
        let is_folder = match Found::of(entry.file_type()) {
            Found::There(kind) => kind.is_dir(),
            Found::Absent => continue,
            Found::Unknown(error) if environment(&error).is_some() => return Err(error),
            // It is looked at again, and that tells.
            Found::Unknown(_) => false,
        };
        let mut key = name.as_bytes().to_vec();
        key.extend(is_folder.then_some(b'/'));
        entries.push((key, name, is_folder));
    }
    entries.sort();
    Ok(entries)
}

fn listed(path: RelPath, kind: EntryKind, size: u64, mtime_ns: i64) -> Listed {
    let skip = match kind {
        EntryKind::File | EntryKind::Folder => None,
        EntryKind::Symlink => Some(SkipReason::Symlink),
        EntryKind::Other => Some(SkipReason::NotAFile),
    };
    Listed { file: PlannedFile { path, size, mtime_ns, rerun: None }, skip }
}
