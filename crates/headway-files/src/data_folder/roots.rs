//! Where the root of each library was when the library was last used, by the library's name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::known::LIMIT_BYTES;
use super::{DataFolder, StateFile};
use crate::Library;

/// The file that stores the root of each library that is not named by its path.
const ROOTS: &str = "roots";

/// The root of each library that is not named by its path, by name.
type NamedRoots = BTreeMap<String, String>;

impl DataFolder {
    /// The root of the library of this name, if that is known: one of these libraries, or one that is named by its path,
    /// or one that was used before.
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
