//! Where the root of each library was when the library was last used, by the library's name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::known::LIMIT_BYTES;
use super::{DataFolder, StateFile};
use crate::{Found, Library, paths};

/// The file that stores the root of each library that is not named by its path.
const ROOTS: &str = "roots";

/// The root of each library that is not named by its path, by name.
type NamedRoots = BTreeMap<String, String>;

impl DataFolder {
    /// The root of the library of this name, if that is known. The library can be one of these, can be named by its path,
    /// or can have been used before.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn root_among(&self, name: &str, among: &[Arc<Library>]) -> io::Result<Option<PathBuf>> {
        if let Some(library) = among.iter().find(|library| library.name == name) {
            return Ok(Some(library.path.clone()));
        }
        match Library::is_named_by_path(name) {
            true => Ok(Some(name.into())),
            false => self.root_of(name),
        }
    }

    /// The root of the library of this name when it was last used, if that is known.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn root_of(&self, name: &str) -> io::Result<Option<PathBuf>> {
        Ok(self.roots_file()?.json::<NamedRoots>()?.remove(name).map(PathBuf::from))
    }

    /// Whether a library of this name was used before with this root, or with one to which a link at this path can have led: while
    /// its disk is missing, the link leads nowhere. Blocking.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn has_used(&self, name: &str, root: &Path) -> io::Result<bool> {
        if !self.known_libraries()?.contains_key(name) {
            return Ok(false);
        }
        match self.root_of(name)? {
            Some(used) if used != root => match Found::of(paths::look_at(root)) {
                Found::There(found) => Ok(found.is_symlink()),
                Found::Absent => Ok(false),
                Found::Unknown(error) => {
                    tracing::debug!(root = %root.display(), %error, "whether a link is at the path of a library is not known");
                    Ok(true)
                }
            },
            Some(_) | None => Ok(true),
        }
    }

    /// Every library that was ever used, by name, with its root if that is known.
    ///
    /// # Errors
    /// If what is stored of the libraries cannot be read.
    pub fn every_library(&self) -> io::Result<BTreeMap<String, Option<PathBuf>>> {
        let names = self.known_libraries()?.into_keys().map(|name| (name, None));
        let roots = self.known_roots()?.into_iter().map(|(name, root)| (name, Some(root)));
        Ok(names.chain(roots).collect())
    }

    /// The root of every library that was ever used, by name. The name of some is their path.
    pub(super) fn known_roots(&self) -> io::Result<BTreeMap<String, PathBuf>> {
        let by_path: BTreeSet<_> =
            self.known_libraries()?.into_keys().filter(|name| Library::is_named_by_path(name)).collect();
        let named = self.roots_file()?.json::<NamedRoots>()?;
        let named = named.into_iter().map(|(name, root)| (name, PathBuf::from(root)));
        Ok(by_path.into_iter().map(|name| (name.clone(), PathBuf::from(name))).chain(named).collect())
    }

    /// Stores the roots of the libraries that are not named by their path, and keeps what is stored about others. What cannot
    /// be read is not replaced. The caller holds the lock.
    pub(super) fn remember_roots(&self, libraries: &[Arc<Library>]) -> io::Result<()> {
        let file = self.roots_file()?;
        let before = file.json::<NamedRoots>()?;
        let mut roots = before.clone();
        // If the root's path is not text, only the library's own name is known.
        let named = libraries.iter().filter(|library| !Library::is_named_by_path(&library.name));
        roots.extend(named.filter_map(|library| Some((library.name.clone(), library.path.to_str()?.to_owned()))));
        if roots == before {
            return Ok(());
        }
        file.replace(&serde_json::to_vec(&roots)?)
    }

    fn roots_file(&self) -> io::Result<StateFile> {
        StateFile::read(self.root.join(ROOTS), LIMIT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_was_used_under_its_name_at_its_root_or_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let [root, other, link] = ["files", "other", "link"].map(|name| folder.path().join(name));
        std::fs::create_dir(&root).expect("a folder");
        let has_used = |name: &str, root: &Path| data.has_used(name, root).expect("what is known");
        assert!(!has_used("files", &root), "nothing is known");
        data.remember_libraries(&[Arc::new(Library::open("files", &root).expect("a library"))]);
        std::fs::remove_dir(&root).expect("a folder");
        std::os::unix::fs::symlink(&root, &link).expect("a link");
        assert!(has_used("files", &root) && has_used("files", &link), "it is missing now");
        assert!(!has_used("files", &other) && !has_used("photos", &root), "a mistyped path or name");
    }
}
