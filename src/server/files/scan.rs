//! What lies in a library, for the index: folder by folder, those nearest to the root first.

use std::collections::VecDeque;
use std::io;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, statat};

use super::{Library, RESERVED, io_text, readable};
use crate::model::RelPath;
use crate::model::library::{EntryKind, Unread};
use crate::server::store::{SeenEntry, SeenPart};

/// So many entries are handed over at a time.
const PART: usize = 1_000;

/// Reads a folder, and what is below it if `deep`, until `take` says stop by `false`. Fails if the folder itself cannot
/// be read; those below it that cannot be read are told, and what was known of them stays. Blocking.
pub fn scan(
    library: &Library,
    folder: &RelPath,
    deep: bool,
    take: &mut dyn FnMut(SeenPart) -> bool,
) -> Result<Option<Unread>, String> {
    let mut unread: Option<Unread> = None;
    let mut todo = VecDeque::from([folder.clone()]);
    while let Some(next) = todo.pop_front() {
        match level(library, &next, deep.then_some(&mut todo), take) {
            Ok(true) => {}
            Ok(false) => return Ok(unread),
            Err(error) if next == *folder => {
                return Err(format!(
                    "the folder {:?} of {} cannot be listed: {}",
                    folder.shown(),
                    library.name,
                    io_text(&error)
                ));
            }
            // It went away while the others were read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::debug!(folder = %next, %error, "a folder cannot be listed");
                let missed = unread.get_or_insert(Unread { folders: 0, first: next });
                missed.folders += 1;
            }
        }
    }
    Ok(unread)
}

fn level(
    library: &Library,
    folder: &RelPath,
    below: Option<&mut VecDeque<RelPath>>,
    take: &mut dyn FnMut(SeenPart) -> bool,
) -> io::Result<bool> {
    let dir = library.folder(folder)?;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::new(readable(&dir)?)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") || name.to_bytes().starts_with(RESERVED) {
            continue;
        }
        let leaf = match entry.file_type() {
            FileType::Unknown => {
                !dir.symlink_metadata(std::ffi::OsStr::from_bytes(name.to_bytes())).is_ok_and(|found| found.is_dir())
            }
            kind => kind != FileType::Directory,
        };
        let Ok(coded) = RelPath::from_bytes(name.to_bytes()) else { continue };
        names.push((leaf, String::from(coded), name.to_owned()));
    }
    names.sort_unstable();
    if let Some(below) = below {
        let folders = names.iter().take_while(|(leaf, ..)| !leaf);
        below.extend(folders.filter_map(|(_, _, name)| folder.join(name.to_bytes()).ok()));
    }
    let mut behind = None;
    let mut chunks = names.chunks(PART).peekable();
    loop {
        let chunk = chunks.next().unwrap_or_default();
        // What went away since the names were read is not worth a row.
        let entries = chunk.iter().filter_map(|(_, coded, name)| {
            let stat = statat(&dir, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let kind = match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => EntryKind::Folder,
                FileType::RegularFile => EntryKind::File,
                FileType::Symlink => EntryKind::Symlink,
                _ => EntryKind::Other,
            };
            let mtime_ns = stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec as i64);
            let size = u64::try_from(stat.st_size).unwrap_or(0);
            Some(SeenEntry { name: coded.clone(), kind, size, mtime_ns, inode: stat.st_ino })
        });
        let entries = entries.collect();
        let whole = chunks.peek().is_none().then(crate::server::now);
        let last = chunk.last().map(|(leaf, coded, _)| (*leaf, coded.clone()));
        let upto = last.clone().filter(|_| whole.is_none());
        let part =
            SeenPart { folder: folder.clone(), behind: std::mem::replace(&mut behind, last), upto, entries, whole };
        if !take(part) {
            return Ok(false);
        }
        if whole.is_some() {
            return Ok(true);
        }
    }
}
