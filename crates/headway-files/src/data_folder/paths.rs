//! The door to the system calls on names in the data folder. A call that a signal interrupts is made again, and one that changes
//! names is never made twice: these rest on the doors of libraries.

use std::fs::{Metadata, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode};

use crate::library::{calls, uninterrupted};

/// Renames a file or a folder, over a file that has the new name.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    Ok(calls::renameat(CWD, from, CWD, to)?)
}

/// Removes the name of anything but a folder.
pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    Ok(calls::unlinkat(CWD, path, AtFlags::empty())?)
}

/// Removes an empty folder.
pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    Ok(calls::unlinkat(CWD, path, AtFlags::REMOVEDIR)?)
}

/// Makes a folder with this mode.
pub(super) fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    Ok(calls::mkdirat(CWD, path, Mode::from_raw_mode(mode))?)
}

/// Looks at a name; does not follow a link.
pub(super) fn look_at(path: &Path) -> io::Result<Metadata> {
    uninterrupted(|| path.symlink_metadata())
}

/// Looks at what a path leads to.
pub(super) fn follow(path: &Path) -> io::Result<Metadata> {
    uninterrupted(|| path.metadata())
}

/// The entries of a folder.
pub(super) fn list(path: &Path) -> io::Result<ReadDir> {
    uninterrupted(|| std::fs::read_dir(path))
}

/// A path without links.
pub(super) fn without_links(path: &Path) -> io::Result<PathBuf> {
    uninterrupted(|| path.canonicalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

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
        assert_eq!(list(folder.path()).expect("a folder").count(), 3);
        remove_folder(&from).expect("removed");
        remove_file(&link).expect("removed");
        remove_file(&to).expect("removed");
        assert_eq!(list(folder.path()).expect("a folder").count(), 0);
    }
}
