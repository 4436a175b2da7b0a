//! Reads a library for the index, folder by folder, those nearest to the root first.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType};

use super::calls::statat;
use super::folder_calls::FolderCalls;
use super::found::is_absent;
use super::whole_list::still_there;
use super::{Found, Library, ScanError, is_litter, readable};
use headway_model::library::{EntryKind, Unread};
use headway_model::path::is_reserved;
use headway_model::{RelPath, SeenEntry, SeenPart};

/// How many entries are handed over at a time.
const PART: usize = 1_000;

/// Reads a folder, and everything below it if `deep`, until `take` returns `false`. Fails if the folder itself cannot
/// be read. Folders below it that cannot be read are reported, and the index keeps what it knows about them.
/// Blocking.
pub fn scan(
    library: &Library,
    folder: &RelPath,
    deep: bool,
    take: &mut dyn FnMut(SeenPart) -> bool,
) -> Result<Option<Unread>, ScanError> {
    let mut unread: Option<Unread> = None;
    let mut todo = VecDeque::from([folder.clone()]);
    while let Some(next) = todo.pop_front() {
        match level(library, &next, deep.then_some(&mut todo), &mut unread, take) {
            Ok(true) => {}
            Ok(false) => return Ok(unread),
            Err(error) if next == *folder => {
                return Err(ScanError::of(library, folder, &error));
            }
            // It was removed while others were read.
            Err(error) if is_absent(&error) => {}
            Err(error) => {
                tracing::debug!(folder = %next, %error, "a folder cannot be listed");
                let missed = unread.get_or_insert(Unread { folders: 0, first: next });
                missed.folders += 1;
            }
        }
    }
    Ok(unread)
}

/// Reads one folder, in parts. Adds the folders in it to those `below`. Returns whether to go on.
fn level(
    library: &Library,
    folder: &RelPath,
    below: Option<&mut VecDeque<RelPath>>,
    unread: &mut Option<Unread>,
    take: &mut dyn FnMut(SeenPart) -> bool,
) -> io::Result<bool> {
    // Everything reported about the folder was read at this time or later.
    let from = crate::now();
    let dir = library.open_to_list(folder)?;
    let (names, litter) = names_in(&dir)?;
    if let Some(below) = below {
        let folders = names.iter().take_while(|(leaf, ..)| !leaf);
        below.extend(folders.filter_map(|(_, _, name)| folder.join(name.to_bytes()).ok()));
    }
    let mut rest = names.iter().peekable();
    let (mut behind, mut told) = (None, false);
    loop {
        let (mut entries, mut last, mut hole) = (Vec::new(), None, None);
        while let Some((leaf, coded, name)) = rest.next_if(|_| entries.len() < PART && hole.is_none()) {
            let key = Some((*leaf, coded.clone()));
            match entry(&dir, *leaf, coded, name) {
                Found::There(entry) => entries.push(entry),
                // It was removed since the names were read.
                Found::Absent => {}
                Found::Unknown(error) => {
                    tracing::debug!(%folder, name = coded, %error, "a file cannot be looked at");
                    if !std::mem::replace(&mut told, true) {
                        unread.get_or_insert(Unread { folders: 0, first: folder.clone() }).folders += 1;
                    }
                    hole = key;
                    continue;
                }
            }
            last = key;
        }
        let whole = (rest.peek().is_none() && hole.is_none()).then_some(from);
        let next = hole.or_else(|| last.clone());
        if last.is_some() || whole.is_some() {
            let up_to = last.filter(|_| whole.is_none());
            let part = SeenPart { folder: folder.clone(), behind: behind.clone(), up_to, entries, litter, whole };
            if !take(part) {
                return Ok(false);
            }
        }
        if whole.is_some() {
            return Ok(true);
        }
        // The index keeps what it knows about a file that cannot be looked at, because no part covers it.
        behind = next;
    }
}

/// A name in a folder: whether it is anything but a folder, the name as a path, and its bytes.
type SeenName = (bool, String, CString);

/// The names in a folder, sorted, without litter; and how much litter there is.
fn names_in(dir: &Dir) -> io::Result<(Vec<SeenName>, u64)> {
    let (mut names, mut litter) = (Vec::new(), 0);
    for entry in rustix::fs::Dir::new(readable(dir)?)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") || is_reserved(name.to_bytes()) {
            continue;
        }
        let leaf = match entry.file_type() {
            FileType::Unknown => {
                let found = Found::of(dir.look_at(std::ffi::OsStr::from_bytes(name.to_bytes())));
                // Everything else is handled below.
                !matches!(found, Found::There(found) if found.is_dir())
            }
            kind => kind != FileType::Directory,
        };
        if is_litter(name.to_bytes(), !leaf) {
            litter += 1;
            continue;
        }
        let Ok(coded) = RelPath::from_bytes(name.to_bytes()) else { continue };
        names.push((leaf, String::from(coded), name.to_owned()));
    }
    still_there(dir)?;
    names.sort_unstable();
    Ok((names, litter))
}

/// One entry. For a folder, its name and kind are enough.
fn entry(dir: &Dir, leaf: bool, coded: &str, name: &CStr) -> Found<SeenEntry> {
    let stat = Found::of(statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from));
    let row = |kind, size, mtime_ns, inode| SeenEntry { name: coded.to_owned(), kind, size, mtime_ns, inode };
    match stat {
        Found::Unknown(_) if !leaf => Found::There(row(EntryKind::Folder, 0, 0, 0)),
        other => other.map(|stat| {
            let kind = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => EntryKind::Folder,
                FileType::RegularFile => EntryKind::File,
                FileType::Symlink => EntryKind::Symlink,
                _ => EntryKind::Other,
            };
            let mtime_ns = stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as i64);
            row(kind, u64::try_from(stat.st_size).unwrap_or(0), mtime_ns, stat.st_ino)
        }),
    }
}
