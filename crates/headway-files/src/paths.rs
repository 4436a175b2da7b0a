//! The door to the system calls on paths: of the data folder, and of what a terminal names. A call that a signal interrupts is
//! made again, also within the list of a folder, and one that changes names is never made twice: these rest on the doors of
//! libraries.

use std::fs::{DirEntry, FileType, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::library::{calls, is_absent, uninterrupted};

/// Renames a file or a folder, over a file that has the new name.
///
/// # Errors
/// Of the file system.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    Ok(calls::renameat(CWD, from, CWD, to)?)
}

/// Removes the name of anything but a folder.
///
/// # Errors
/// Of the file system, also if nothing has the name.
pub fn remove_file(path: &Path) -> io::Result<()> {
    Ok(calls::unlinkat(CWD, path, AtFlags::empty())?)
}

/// Removes an empty folder.
pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    Ok(calls::unlinkat(CWD, path, AtFlags::REMOVEDIR)?)
}

/// Makes a folder with this mode.
pub(crate) fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    Ok(calls::mkdirat(CWD, path, Mode::from_raw_mode(mode))?)
}

/// Makes a socket at a path, in the place of one that is there; `bind` makes it.
///
/// # Errors
/// Of the file system, and of `bind`.
pub fn make_socket<S>(path: &Path, mut bind: impl FnMut() -> io::Result<S>) -> io::Result<S> {
    uninterrupted(|| {
        if let Err(error) = remove_file(path)
            && !is_absent(&error)
        {
            return Err(error);
        }
        bind()
    })
}

/// Opens a folder, so that it can be named whatever happens to its path.
///
/// # Errors
/// Of the file system, also if it is no folder.
pub fn hold_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(calls::openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Looks at a name; does not follow a link.
///
/// # Errors
/// Of the file system.
pub fn look_at(path: &Path) -> io::Result<Metadata> {
    uninterrupted(|| path.symlink_metadata())
}

/// Looks at what a path leads to.
///
/// # Errors
/// Of the file system.
pub fn follow(path: &Path) -> io::Result<Metadata> {
    uninterrupted(|| path.metadata())
}

/// The entries of a folder. It is read to its end: after an interruption the list of `std` ends, so it begins again.
///
/// # Errors
/// Of the file system.
pub fn list(path: &Path) -> io::Result<Vec<DirEntry>> {
    whole(|| std::fs::read_dir(path))
}

/// What an entry of a folder is; does not follow a link.
///
/// # Errors
/// Of the file system, which is asked if the list does not tell.
pub fn kind_of(entry: &DirEntry) -> io::Result<FileType> {
    uninterrupted(|| entry.file_type())
}

/// A path without links.
///
/// # Errors
/// Of the file system.
pub fn without_links(path: &Path) -> io::Result<PathBuf> {
    uninterrupted(|| path.canonicalize())
}

/// All of a list, from its beginning.
fn whole<T, L: Iterator<Item = io::Result<T>>>(mut open: impl FnMut() -> io::Result<L>) -> io::Result<Vec<T>> {
    uninterrupted(|| open()?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_folder_whose_list_is_interrupted_is_listed_whole() {
        let mut lists = 0;
        let listed = whole(|| {
            lists += 1;
            let end = if lists == 1 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(2) };
            Ok([Ok(1), end].into_iter())
        });
        assert_eq!((listed.expect("a list"), lists), (vec![1, 2], 2));
        let failed = whole(|| Ok([Ok(1), Err(io::ErrorKind::PermissionDenied.into())].into_iter()));
        assert_eq!(failed.expect_err("another error").kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_socket_whose_making_is_interrupted_is_made_whether_it_was_made_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        std::fs::write(&path, "an earlier process left it").expect("a file");
        for is_made in [true, false] {
            let mut calls = 0;
            let bound = make_socket(&path, || {
                calls += 1;
                let bound = if calls == 1 && !is_made { None } else { Some(UnixListener::bind(&path)?) };
                if calls == 1 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(bound) }
            });
            assert!(bound.is_ok_and(|bound| bound.is_some()) && calls == 2, "{is_made}");
        }
    }

    #[test]
    fn each_call_does_what_it_says_and_tells_what_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let [from, to, link] = ["from", "to", "link"].map(|name| folder.path().join(name));
        std::fs::write(&from, "new").expect("a file");
        std::fs::write(&to, "old").expect("a file");
        rename(&from, &to).expect("renamed");
        assert_eq!(std::fs::read_to_string(&to).expect("a file"), "new");
        let missing = io::ErrorKind::NotFound;
        let gone = [rename(&from, &to), remove_file(&from), remove_folder(&from), look_at(&from).map(drop)];
        assert!(gone.iter().all(|gone| gone.as_ref().is_err_and(|error| error.kind() == missing)), "{gone:?}");
        make_folder(&from, 0o700).expect("made");
        assert_eq!(follow(&from).expect("a folder").permissions().mode() & 0o777, 0o700);
        assert_eq!(make_folder(&from, 0o700).expect_err("there is one").kind(), io::ErrorKind::AlreadyExists);
        std::os::unix::fs::symlink(&from, &link).expect("a link");
        assert!(look_at(&link).expect("a link").is_symlink() && follow(&link).expect("a folder").is_dir());
        let real = without_links(&from).expect("a path");
        assert_eq!(without_links(&link).expect("a path"), real);
        assert_eq!(list(folder.path()).expect("a folder").len(), 3);
        remove_folder(&from).expect("removed");
        remove_file(&link).expect("removed");
        remove_file(&to).expect("removed");
        assert_eq!(list(folder.path()).expect("a folder").len(), 0);
    }
}
