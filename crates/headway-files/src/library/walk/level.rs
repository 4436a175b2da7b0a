//! One folder of a walk: its entries, and what each of them turns out to be.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cap_fs_ext::{DirExt, MetadataExt};
use cap_std::fs::{Dir, Metadata};
use rustix::io::Errno;

use crate::library::environment::uninterrupted;
use crate::library::folder_calls::FolderCalls;
use crate::library::found::is_absent;
use crate::library::kind_of_entry::is_folder;
use crate::library::listed::{ListedFile, listed};
use crate::library::whole_list::WholeList;
use crate::library::{Found, Library, environment, is_too_long, kind, mtime_ns};
use headway_model::RelPath;
use headway_model::library::natural;
use headway_model::path::is_reserved;

/// One of the nested folders that the walk is in.
pub(super) struct Level {
    pub(super) folder: RelPath,
    /// The entries still to be visited: whether each is a folder, and its name.
    pub(super) names: std::vec::IntoIter<(bool, Vec<u8>)>,
    /// The open folder; `None` while the walk is far below it.
    pub(super) dir: Option<Arc<Dir>>,
}

/// What a name turned out to be.
pub(super) enum Looked {
    At(ListedFile),
    Inside(Level),
    /// It was removed since the names were read.
    Gone,
}

impl Level {
    pub(super) fn of(folder: RelPath, dir: Arc<Dir>) -> io::Result<Level> {
        Ok(Level { folder, names: names(&dir)?.into_iter(), dir: Some(dir) })
    }

    fn dir(&mut self, library: &Library) -> io::Result<&Dir> {
        match &mut self.dir {
            Some(dir) => Ok(dir),
            none => Ok(none.insert(library.enter_folder(&self.folder)?)),
        }
    }

    pub(super) fn look(
        &mut self,
        library: &Library,
        path: &RelPath,
        name: &OsStr,
        is_folder: bool,
    ) -> io::Result<Looked> {
        let dir = match Found::of(self.dir(library)) {
            Found::There(dir) => dir,
            Found::Absent => return Ok(Looked::Gone),
            Found::Unknown(error) => return Err(error),
        };
        let mut unopened = None;
        if is_folder {
            if is_too_long(path) {
                return Err(Errno::NAMETOOLONG.into());
            }
            let open = || dir.open_dir_nofollow(name).and_then(|inside| Level::of(path.clone(), Arc::new(inside)));
            match uninterrupted(open) {
                Ok(inside) => return Ok(Looked::Inside(inside)),
                // Gone, or no longer a folder: the look below decides.
                Err(error) if is_absent(&error) => unopened = Some(error),
                Err(error) => return Err(error),
            }
        }
        match Found::of(dir.look_at(name)) {
            Found::Absent => Ok(Looked::Gone),
            // It is there, so its files are not known.
            Found::There(found) if found.is_dir() => match unopened {
                Some(error) => Err(error),
                None => Ok(Looked::At(seen(path.clone(), &found))),
            },
            Found::There(found) => Ok(Looked::At(seen(path.clone(), &found))),
            Found::Unknown(error) => Err(error),
        }
    }
}

/// Lists what a look has found.
fn seen(path: RelPath, found: &Metadata) -> ListedFile {
    let inode = Some(MetadataExt::ino(found));
    ListedFile { inode, ..listed(path, kind(found), found.len(), mtime_ns(found)) }
}

/// The entries of a folder: files first, then folders, each in natural order.
fn names(dir: &Dir) -> io::Result<Vec<(bool, Vec<u8>)>> {
    let mut names = Vec::new();
    for entry in WholeList::of(dir)? {
        let entry = entry?;
        let name = entry.file_name().as_bytes().to_vec();
        if is_reserved(&name) {
            continue;
        }
        let is_folder = match is_folder(dir, &entry) {
            Found::There(is_folder) => is_folder,
            Found::Absent => continue,
            Found::Unknown(error) if environment(&error).is_some() => return Err(error),
            // The walk looks at it again, and that decides.
            Found::Unknown(_) => false,
        };
        // Every name on a disk is a valid path.
        let Ok(path) = RelPath::from_bytes(&name) else { continue };
        names.push((is_folder, natural(path.name()), path, name));
    }
    names.sort_unstable();
    Ok(names.into_iter().map(|(is_folder, _, _, name)| (is_folder, name)).collect())
}
