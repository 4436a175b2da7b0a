//! Resolves the paths of named files.

use std::collections::BTreeSet;
use std::fs::{DirEntry, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use crate::cli::failure::{CommandFailure, NOT_BEGUN};
use crate::cli::out::{count, counted, say};
use headway_model::path::is_reserved;
use headway_server::{is_absent, is_litter, paths};

/// The absolute path of a file, without links, dots and double slashes in its folder. The file itself need not exist,
/// and is not resolved if it is a link.
pub(super) fn placed(path: &Path) -> Result<PathBuf, CommandFailure> {
    let whole = || std::path::absolute(path).map_err(CommandFailure::from);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(path.to_owned()) };
    if path.components().next_back() == Some(Component::ParentDir) || path.as_os_str().as_bytes().ends_with(b"/.") {
        // A path that ends in dots is a folder. If it does not exist, looking for its files will show that.
        return paths::without_links(path).or_else(|_| whole());
    }
    // If the folder does not exist, neither does the file, which then counts as not processed.
    paths::without_links(folder).map(|folder| folder.join(name)).or_else(|_| whole())
}

pub(super) fn is_folder(path: &Path) -> Result<bool, CommandFailure> {
    folder(path, paths::look_at(path))
}

/// Whether a path, following links, is a folder.
pub(super) fn leads_to_folder(path: &Path) -> Result<bool, CommandFailure> {
    folder(path, paths::follow(path))
}

fn folder(path: &Path, looked: io::Result<Metadata>) -> Result<bool, CommandFailure> {
    match looked {
        Ok(found) => Ok(found.is_dir()),
        // The job reports a circular link as not processed, like a name that does not exist.
        Err(error) if is_absent(&error) || Errno::from_io_error(&error) == Some(Errno::LOOP) => Ok(false),
        Err(error) => Err(CommandFailure::new(NOT_BEGUN, format!("cannot look at {}: {error}", path.display()))),
    }
}

/// The folder that is the only path named: the path itself, or the folder to which a symbolic link leads.
pub(super) fn only_folder(paths: &[PathBuf]) -> Result<Option<PathBuf>, CommandFailure> {
    let [one] = paths else { return Ok(None) };
    if is_folder(one)? {
        return Ok(Some(one.clone()));
    }
    if !leads_to_folder(one)? {
        return Ok(None);
    }
    let real = paths::without_links(one);
    real.map(Some).map_err(|error| CommandFailure::new(NOT_BEGUN, format!("cannot look at {}: {error}", one.display())))
}

/// These files and, for folders, every file and every empty folder below them. Links, pipes, sockets and devices below
/// them are left out, and so are Headway's own files and, without `system_files`, litter: nobody named them.
pub(super) fn listed(named: Vec<PathBuf>, system_files: bool) -> Result<Vec<PathBuf>, CommandFailure> {
    let (mut found, mut special) = (Vec::new(), 0);
    let mut left: Vec<_> = named.into_iter().rev().map(|path| (path, true)).collect();
    while let Some((path, is_named)) = left.pop() {
        let looked = paths::look_at(&path);
        let is_special = |found: &Metadata| {
            let kind = found.file_type();
            !(is_named || kind.is_dir() || kind.is_file())
        };
        if looked.as_ref().is_ok_and(is_special) {
            special += 1;
            continue;
        }
        if !folder(&path, looked)? {
            found.push(path);
            continue;
        }
        let cannot =
            |error: io::Error| CommandFailure::new(NOT_BEGUN, format!("cannot list {}: {error}", path.display()));
        let entries = paths::list(&path).map_err(cannot)?;
        let entries = entries.iter().map(|entry| wanted(entry, system_files)).filter_map(Result::transpose);
        let mut entries = entries.collect::<io::Result<Vec<_>>>().map_err(cannot)?;
        // A disk that was here might be missing. The job finds that out.
        if entries.is_empty() {
            found.push(path);
            continue;
        }
        entries.sort_by(|one, other| other.cmp(one));
        left.extend(entries.into_iter().map(|path| (path, false)));
    }
    if special > 0 {
        say(&format!("headway: left out, as not regular files: {}", count(special)));
    }
    Ok(found)
}

/// The path of an entry, unless it is Headway's own or, without `system_files`, litter.
fn wanted(entry: &DirEntry, system_files: bool) -> io::Result<Option<PathBuf>> {
    let name = entry.file_name();
    let kind = paths::kind_of(entry)?;
    let is_left_behind = !system_files && is_litter(name.as_bytes(), kind.is_dir());
    let is_wanted = !is_reserved(name.as_bytes()) && !is_left_behind;
    Ok(is_wanted.then(|| entry.path()))
}

/// These files, each once.
pub(super) fn unique(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let given = paths.len();
    let mut seen = BTreeSet::new();
    let once: Vec<_> = paths.into_iter().filter(|path| seen.insert(path.clone())).collect();
    if once.len() < given {
        let again = counted((given - once.len()) as u64, "name repeats another", "names repeat others");
        say(&format!("headway: {again}"));
    }
    once
}

/// The deepest folder that contains all of these.
pub(super) fn common<'a>(mut folders: impl Iterator<Item = &'a Path>) -> Option<PathBuf> {
    let mut common = folders.next()?.to_owned();
    for folder in folders {
        while !folder.starts_with(&common) {
            common.pop();
        }
    }
    Some(common)
}
