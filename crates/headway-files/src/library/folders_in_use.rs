//! Folders in which an attempt is about to make something. While one is still empty, nobody removes it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use headway_model::RelPath;

/// The folders, each with the number of its users.
#[derive(Debug, Clone, Default)]
pub(super) struct FoldersInUse(Arc<Mutex<HashMap<RelPath, usize>>>);

/// A folder that is in use until this is dropped.
#[derive(Debug)]
pub(super) struct FolderInUse {
    folders: FoldersInUse,
    path: RelPath,
}

impl FoldersInUse {
    /// Use this before the folder is opened or made: a removal either comes first, or does not happen.
    pub(super) fn begin(&self, path: RelPath) -> FolderInUse {
        *self.0.lock().entry(path.clone()).or_default() += 1;
        FolderInUse { folders: self.clone(), path }
    }

    /// Removes a folder unless it has more than this many users. Nobody begins to use it meanwhile.
    pub(super) fn remove_unless<T>(&self, path: &RelPath, users: usize, remove: impl FnOnce() -> T) -> Option<T> {
        let folders = self.0.lock();
        (folders.get(path).copied().unwrap_or_default() <= users).then(remove)
    }
}

impl Drop for FolderInUse {
    fn drop(&mut self) {
        let mut folders = self.folders.0.lock();
        if let Some(users) = folders.get_mut(&self.path) {
            *users -= 1;
            if *users == 0 {
                folders.remove(&self.path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Library;
    use headway_model::{JobId, RelPath};

    #[test]
    fn an_empty_folder_is_removed_when_its_last_user_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let remove = || library.remove_empty([path("out"), path("out/a")]).expect("a removal");
        let is_there = || folder.path().join("out").exists();
        let stage =
            |item| library.stage(&path("x"), path("out/a/x"), JobId::mint(1, [1; 10]), item, 1).expect("a name");
        let (one, other) = (stage(0), stage(1));
        drop(one);
        assert!(!remove() && is_there(), "the other is about to make its output");
        other.create().expect("its output");
        library.discard(&other);
        drop(other);
        assert!(remove() && !is_there());
    }
}
