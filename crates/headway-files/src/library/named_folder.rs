//! Finds the real folder behind a path that a request names; symbolic links are followed.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use cap_std::fs::Dir;
use rustix::io::Errno;

use super::{Found, Library};
use headway_model::RelPath;

impl Library {
    /// Opens a folder whose files are to be listed. The error distinguishes a missing entry from one that is not a
    /// folder.
    pub(super) fn open_to_list(&self, folder: &RelPath) -> io::Result<Arc<Dir>> {
        let opened = self.enter_folder(folder);
        let is_none = opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotADirectory);
        let absent = if is_none { Errno::NOTDIR } else { Errno::NOENT };
        self.believed(folder, Found::of(opened)).known()?.ok_or(absent.into())
    }

    /// The path in the library of the folder to which a path leads, without links: a file below it has one name, however a
    /// request named the folder. Blocking.
    ///
    /// # Errors
    /// If it leads to no folder, or out of the library, or to a disk that is absent.
    pub fn folder_at(&self, path: &RelPath) -> io::Result<RelPath> {
        let dir = self.open_to_list(path)?;
        let (root, real) = (path_of(&*self.root()?)?, path_of(&*dir)?);
        let below = real.strip_prefix(&root).map_err(|_| io::Error::other("the folder is not in the library"))?;
        let folder = RelPath::from_bytes(below.as_os_str().as_bytes()).map_err(io::Error::other)?;
        self.check_on_disk(&folder)?;
        Ok(folder)
    }
}

/// The path at which the system has an open folder now.
fn path_of(dir: &impl AsRawFd) -> io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", dir.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_leads_to_its_folder_and_anything_else_is_reported_as_no_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("2024/deep")).expect("folders");
        std::fs::write(folder.path().join("file"), "x").expect("a file");
        for (target, link) in [("2024", "a"), ("a/deep", "b"), ("file", "c"), ("none", "d"), ("/", "out"), (".", "own")]
        {
            std::os::unix::fs::symlink(target, folder.path().join(link)).expect("a link");
        }
        let library = Library::open("files", folder.path()).expect("a library");
        let lead = |name: &str| library.folder_at(&name.parse().expect("a path"));
        for (name, real) in
            [("", ""), ("2024", "2024"), ("a", "2024"), ("b", "2024/deep"), ("a/deep", "2024/deep"), ("own", "")]
        {
            assert_eq!(lead(name).expect(name).as_str(), real, "{name}");
        }
        let errno = |name: &str| Errno::from_io_error(&lead(name).expect_err(name));
        assert_eq!([errno("file"), errno("c"), errno("file/x")], [Some(Errno::NOTDIR); 3]);
        assert_eq!([errno("none"), errno("d")], [Some(Errno::NOENT); 2]);
        assert!(lead("out").is_err());
    }
}
