//! By what a file and its folder are recognised, under whatever path.

use std::io;
use std::path::Path;

use cap_fs_ext::MetadataExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

use super::environment::uninterrupted;
use super::folder_calls::FolderCalls;
use super::{Found, Library, on_disk};
use headway_model::RelPath;

/// A device and an inode number.
pub type FileId = (u64, u64);

/// What identifies a name beside its path. A folder can be mounted at a second path, and a file can have several names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileIds {
    /// The folder in which the name is; `None` if it is not there, or cannot be looked at.
    pub folder: Option<FileId>,
    /// The file of the name; `None` if it is not there, or cannot be looked at.
    pub file: Option<FileId>,
}

impl FileIds {
    /// Those of these names below the root at a path. Blocking.
    ///
    /// # Errors
    /// If the root cannot be opened.
    pub fn all_at(root: &Path, names: &[RelPath]) -> io::Result<Vec<Self>> {
        let root = uninterrupted(|| Dir::open_ambient_dir(root, ambient_authority()))?;
        Ok(names.iter().map(|name| FileIds::of(&root, name)).collect())
    }

    fn of(root: &Dir, name: &RelPath) -> Self {
        let folder = match name.parent().filter(|folder| !folder.is_root()) {
            Some(folder) => root.look_at(on_disk(&folder)),
            None => root.own_metadata(),
        };
        FileIds { folder: id(folder), file: id(root.look_at(on_disk(name))) }
    }
}

fn id(looked: io::Result<Metadata>) -> Option<FileId> {
    match Found::of(looked) {
        Found::There(found) => Some((MetadataExt::dev(&found), MetadataExt::ino(&found))),
        Found::Absent | Found::Unknown(_) => None,
    }
}

impl Library {
    /// What identifies this name. Blocking.
    ///
    /// # Errors
    /// If the root cannot be opened.
    pub fn ids(&self, name: &RelPath) -> io::Result<FileIds> {
        let root = self.root()?;
        Ok(FileIds::of(&root, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_file_have_its_id_and_names_of_one_folder_that_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, inner) = (folder.path(), folder.path().join("inner"));
        std::fs::create_dir(&inner).expect("a new folder");
        std::fs::write(inner.join("a"), b"a").expect("a new file");
        std::fs::hard_link(inner.join("a"), root.join("b")).expect("a link");
        let ids = |root: &Path, name: &str| {
            FileIds::all_at(root, &[name.parse().expect("a path")]).expect("a root").pop().expect("one")
        };
        let (a, b) = (ids(root, "inner/a"), ids(root, "b"));
        assert!(a.file.is_some() && a.file == b.file && a.folder != b.folder, "{a:?} {b:?}");
        assert_eq!(ids(&inner, "a"), a, "from a root inside the other");
        let absent = ids(root, "inner/c");
        assert_eq!((absent.file, absent.folder), (None, a.folder));
        assert_eq!(ids(root, "none/c"), FileIds::default());
        assert!(FileIds::all_at(&root.join("none"), &[]).is_err());
    }
}
