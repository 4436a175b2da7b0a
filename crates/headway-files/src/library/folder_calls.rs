//! The door to the system calls on an open folder of `cap_std`, beside [`super::calls`]. A call that a signal interrupts is made
//! again, and so is, once, one that meets an error of the storage. A removal might have been made all the same, so this looks
//! first. The entries of an open folder need no door: their readers repeat an interrupted read.

use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, Metadata, ReadDir};
use rustix::fs::{AtFlags, CWD};

use super::calls::{fstat, statat};
use super::environment::{is_storage_error, retried};
use super::found::Found;

/// What can be asked of an open folder, and done in it.
pub(super) trait FolderCalls {
    /// Opens a folder in it.
    fn enter(&self, name: impl AsRef<Path>) -> io::Result<Dir>;

    /// Its entries.
    fn list(&self) -> io::Result<ReadDir>;

    /// The entries of a folder in it.
    fn list_in(&self, name: impl AsRef<Path>) -> io::Result<ReadDir>;

    /// Looks at a name in it; does not follow a link.
    fn look_at(&self, name: impl AsRef<Path>) -> io::Result<Metadata>;

    /// Looks at the folder itself.
    fn own_metadata(&self) -> io::Result<Metadata>;

    /// Removes the name of anything but a folder.
    fn remove_name(&self, name: impl AsRef<Path>) -> io::Result<()>;

    /// Removes an empty folder in it.
    fn remove_folder(&self, name: impl AsRef<Path>) -> io::Result<()>;

    /// The absolute path that the folder has now, which it might have got after it was opened.
    fn present_path(&self) -> io::Result<PathBuf>;

    /// The same path, or one through the open folder if another folder or none is there now: its disk is not mounted there any more.
    fn lasting_path(&self) -> io::Result<PathBuf>;
}

impl FolderCalls for Dir {
    fn enter(&self, name: impl AsRef<Path>) -> io::Result<Dir> {
        retried(|| self.open_dir(name.as_ref()))
    }

    fn list(&self) -> io::Result<ReadDir> {
        retried(|| self.entries())
    }

    fn list_in(&self, name: impl AsRef<Path>) -> io::Result<ReadDir> {
        retried(|| self.read_dir(name.as_ref()))
    }

    fn look_at(&self, name: impl AsRef<Path>) -> io::Result<Metadata> {
        retried(|| self.symlink_metadata(name.as_ref()))
    }

    fn own_metadata(&self) -> io::Result<Metadata> {
        retried(|| self.dir_metadata())
    }

    fn remove_name(&self, name: impl AsRef<Path>) -> io::Result<()> {
        removed(self, name.as_ref(), || self.remove_file(name.as_ref()))
    }

    fn remove_folder(&self, name: impl AsRef<Path>) -> io::Result<()> {
        removed(self, name.as_ref(), || self.remove_dir(name.as_ref()))
    }

    fn present_path(&self) -> io::Result<PathBuf> {
        std::fs::read_link(handle_path(self))
    }

    fn lasting_path(&self) -> io::Result<PathBuf> {
        let (path, own) = (self.present_path()?, fstat(self)?);
        match Found::of(statat(CWD, path.as_path(), AtFlags::empty()).map_err(io::Error::from)) {
            Found::There(found) if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino) => Ok(path),
            Found::There(_) | Found::Absent => Ok(handle_path(self)),
            Found::Unknown(error) => Err(error),
        }
    }
}

/// A path that leads to an open folder whatever is at its own path.
fn handle_path(dir: &Dir) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()))
}

/// Removes a name. A removal that was interrupted, or met an error of the storage, was made if nothing has the name.
fn removed(dir: &Dir, name: &Path, remove: impl Fn() -> io::Result<()>) -> io::Result<()> {
    retried(|| match remove() {
        Err(error) if error.kind() == io::ErrorKind::Interrupted || is_storage_error(&error) => {
            match Found::of(dir.symlink_metadata(name)).known()? {
                None => Ok(()),
                Some(_) => Err(error),
            }
        }
        answer => answer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_removal_is_made_whether_it_was_made_before_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open_ambient_dir(folder.path(), cap_std::ambient_authority()).expect("a folder");
        let name = Path::new("file");
        for made_at in [1, 3] {
            std::fs::write(folder.path().join(name), "").expect("a file");
            let calls = std::cell::Cell::new(0);
            let remove = || {
                calls.set(calls.get() + 1);
                if calls.get() == made_at {
                    dir.remove_file(name).expect("the file is there");
                }
                Err(io::ErrorKind::Interrupted.into())
            };
            removed(&dir, name, remove).expect("it is removed");
            assert_eq!(calls.get(), made_at);
        }
        let gone = removed(&dir, name, || dir.remove_file(name)).expect_err("nothing is there");
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_folder_that_is_not_at_its_path_any_more_is_named_by_its_handle() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("its path").join("in");
        std::fs::create_dir(&path).expect("a folder");
        let dir = Dir::open_ambient_dir(&path, cap_std::ambient_authority()).expect("a folder");
        assert_eq!(dir.lasting_path().expect("a path"), path);
        std::fs::remove_dir(&path).expect("a folder");
        assert!(dir.lasting_path().expect("a path").starts_with("/proc/self/fd"));
    }
}
