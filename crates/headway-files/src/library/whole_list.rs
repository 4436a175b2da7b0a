//! A list of a folder that is known to be whole. The readers of folders take a folder that is removed while they read it for one that has
//! ended, because the system answers both in the same way to some of them.

use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::{Dir, DirEntry, ReadDir};
use rustix::io::Errno;

use super::calls::fstat;
use super::folder_calls::FolderCalls;

/// The entries of a folder. If the folder was removed before all of them were read, the last item is the error `NotFound`.
pub(super) struct WholeList<'a> {
    dir: &'a Dir,
    entries: Option<ReadDir>,
}

impl<'a> WholeList<'a> {
    /// Begins to read a folder.
    pub(super) fn of(dir: &'a Dir) -> io::Result<Self> {
        Ok(WholeList { dir, entries: Some(dir.list()?) })
    }
}

impl Iterator for WholeList<'_> {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.entries.as_mut()?.next() {
            return Some(entry);
        }
        self.entries = None;
        still_there(self.dir).err().map(Err)
    }
}

/// What Linux puts behind the path of a folder that was removed.
const REMOVED: &[u8] = b" (deleted)";

/// Fails with `NotFound` if an open folder was removed. Some file systems count no links of a folder that is there, so its path is asked
/// for, too.
pub(super) fn still_there(dir: &Dir) -> io::Result<()> {
    if fstat(dir)?.st_nlink > 0 || !dir.present_path()?.as_os_str().as_bytes().ends_with(REMOVED) {
        return Ok(());
    }
    Err(Errno::NOENT.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_removed_while_it_is_listed_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).expect("a folder");
        std::fs::write(inside.join("file"), "").expect("a file");
        let dir = Dir::open_ambient_dir(&inside, cap_std::ambient_authority()).expect("a folder");
        assert_eq!(WholeList::of(&dir).expect("a list").filter_map(Result::ok).count(), 1);
        let listed = WholeList::of(&dir).expect("a list");
        std::fs::remove_dir_all(&inside).expect("it is removed");
        let items: Vec<_> = listed.map(|entry| entry.map_err(|error| error.kind())).collect();
        assert!(matches!(items.as_slice(), [.., Err(io::ErrorKind::NotFound)]), "{items:?}");
    }
}
