//! The only way into a library for a path that a user gave. Headway's own names are refused: temporary files, and
//! trashes, in which nothing is ever overwritten.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::calls::{fstat, openat, statat};
use super::folder_calls::FolderCalls;
use super::trash::TRASH;
use super::{Library, on_disk};
use crate::DataFolder;
use headway_model::RelPath;
use headway_model::path::{RESERVED, is_reserved};

/// No path has more folders than this.
const DEEPEST: usize = 4_096;

impl Library {
    /// The path on disk; refused if any part of it is one of Headway's own names.
    pub(super) fn enter(&self, path: &RelPath) -> io::Result<PathBuf> {
        if path.is_reserved() { Err(is_own()) } else { Ok(on_disk(path)) }
    }

    /// Opens a folder that a user named; the root for the empty path. A trash is refused whatever its path looks like: through
    /// a link, by a short name, or in another case.
    pub(super) fn enter_folder(&self, path: &RelPath) -> io::Result<Arc<Dir>> {
        let root = self.root()?;
        if path.is_root() {
            return Ok(root);
        }
        self.check_on_disk(path)?;
        let inside = self.enter(path)?;
        let dir = root.enter(&inside)?;
        self.admit(&dir)?;
        Ok(Arc::new(dir))
    }

    /// From now on refuses the data folder, and what is in it, under whatever name.
    pub fn keep_out_of(&self, data: &DataFolder) {
        self.data_folder.get_or_init(|| data.place());
    }

    /// Refuses a folder that is a trash or the data folder, or is inside one. Asks the file system about every folder above it.
    pub(super) fn admit(&self, dir: &Dir) -> io::Result<()> {
        let identity = |found: rustix::fs::Stat| (found.st_dev, found.st_ino);
        let above = |dir: &dyn std::os::fd::AsFd| {
            openat(dir.as_fd(), c"..", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        };
        let mut here = identity(fstat(dir)?);
        let mut parent = None;
        for _ in 0..DEEPEST {
            if self.data_folder.get() == Some(&here) {
                return Err(is_data_folder());
            }
            if here == self.root_number() {
                return Ok(());
            }
            let next = match &parent {
                None => above(dir)?,
                Some(parent) => above(parent)?,
            };
            match statat(&next, TRASH, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(trash) if identity(trash) == here => return Err(is_own()),
                Ok(_) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
            let up = identity(fstat(&next)?);
            if up == here {
                return Ok(());
            }
            (here, parent) = (up, Some(next));
        }
        Err(io::Error::other("the folder lies too deep"))
    }
}

/// Whether a folder, given by its real path, is one of Headway's own or inside one, so that it cannot be a library.
pub fn is_own_folder(real: &Path) -> bool {
    real.components().any(|part| is_reserved(part.as_os_str().as_bytes()))
}

/// Refuses a library root that is a trash, or is inside one: its files are other jobs' originals.
pub(super) fn admit_root(path: &Path) -> io::Result<()> {
    if is_own_folder(&path.canonicalize()?) { Err(is_own()) } else { Ok(()) }
}

fn is_data_folder() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "this is Headway's own data folder")
}

fn is_own() -> io::Error {
    let text = format!("names that begin with {RESERVED} are Headway's own: its temporary files and its trash");
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}
