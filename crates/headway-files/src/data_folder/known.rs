//! What was found at the libraries' paths when they were last used, so that an empty mount point is not taken for a library.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use super::{DataFolder, StateFile};
use crate::{Identity, InnerMounts, Library};
use headway_model::RelPath;

/// Maximum size of the file in bytes.
pub(super) const LIMIT_BYTES: u64 = 1 << 20;

impl DataFolder {
    /// The identity of each library when it was last used, by name.
    ///
    /// # Errors
    /// If the file cannot be read. Then no folder must be taken for a library: it can be the empty mount point of its
    /// disk.
    pub fn known_libraries(&self) -> io::Result<HashMap<String, Identity>> {
        Ok(identities(&self.libraries_file()?))
    }

    /// Stores the current identities and roots of these libraries, and keeps what is stored about others. What cannot be read
    /// is not replaced.
    pub fn remember_libraries(&self, libraries: &[Arc<Library>]) {
        let _one_at_a_time = self.remembering.lock();
        if let Err(error) = self.remember_roots(libraries) {
            tracing::warn!(%error, "the roots of the libraries cannot be kept, so a later command does not know their names");
        }
        if let Err(error) = self.remember_disks(libraries) {
            tracing::warn!(%error, "the disks of the libraries cannot be kept, so a missing one might not be noticed");
        }
        if let Err(error) = self.remember_identities(libraries) {
            tracing::debug!(%error, "the identities of the libraries cannot be kept");
        }
    }

    fn remember_identities(&self, libraries: &[Arc<Library>]) -> io::Result<()> {
        let file = self.libraries_file()?;
        let before = identities(&file);
        let mut known = before.clone();
        // The file cannot hold a name with a line feed. The identity of such a library is not known after a restart.
        let libraries = libraries.iter().filter(|library| !library.name.contains('\n'));
        known.extend(libraries.filter_map(|library| Some((library.name.clone(), library.remembered()?))));
        if known == before {
            return Ok(());
        }
        let line =
            |(name, identity): (&String, &Identity)| format!("{} {} {name}\n", identity.file_system, identity.inode);
        let lines: String = known.iter().map(line).collect();
        file.replace(lines.as_bytes())
    }

    fn libraries_file(&self) -> io::Result<StateFile> {
        StateFile::read(self.root.join("libraries"), LIMIT_BYTES)
    }
}

/// The identities in the file, by the names of the libraries.
fn identities(file: &StateFile) -> HashMap<String, Identity> {
    let text = file.text().map(String::from_utf8_lossy).unwrap_or_default();
    text.lines().filter_map(read).collect()
}

/// The file that lists what was mounted inside the libraries when jobs were planned, so that an empty mount point is
/// not taken for the content of its disk.
const MOUNTS: &str = "mounts";

/// The file that lists the disks on which libraries were, so that a library around one of them expects it.
const DISKS: &str = "disks";
/// What is mounted inside libraries, by their names.
type MountsByLibrary = BTreeMap<String, Vec<(RelPath, String)>>;

impl DataFolder {
    /// What was mounted inside the library of this name.
    ///
    /// # Errors
    /// If the file cannot be read. Then it is not known whether a disk is missing.
    pub fn known_mounts(&self, library: &str) -> io::Result<InnerMounts> {
        let mut all = self.mounts_file()?.json::<MountsByLibrary>()?;
        Ok(all.remove(library).unwrap_or_default().into_iter().collect())
    }

    /// Stores what is known to be mounted inside a library, and keeps what is stored about others. What cannot be read is not
    /// replaced.
    pub fn remember_mounts(&self, library: &Library) {
        let _one_at_a_time = self.remembering.lock();
        if let Err(error) = self.remember_mounts_of(library) {
            tracing::warn!(%error, "the disks inside a library cannot be kept; they are known until the server ends");
        }
    }

    fn remember_mounts_of(&self, library: &Library) -> io::Result<()> {
        let file = self.mounts_file()?;
        let mut all = file.json::<MountsByLibrary>()?;
        let known: Vec<_> = library.inner_mounts().into_iter().collect();
        let before = if known.is_empty() {
            all.remove(&library.name).unwrap_or_default()
        } else {
            all.insert(library.name.clone(), known.clone()).unwrap_or_default()
        };
        if known == before {
            return Ok(());
        }
        file.replace(&serde_json::to_vec(&all)?)
    }

    /// The disks on which libraries were when they were last used, by their mount points seen from `/`.
    ///
    /// # Errors
    /// If the file cannot be read. Then it is not known whether a disk is missing.
    pub fn known_disks(&self) -> io::Result<InnerMounts> {
        Ok(self.disks_file()?.json::<Vec<(RelPath, String)>>()?.into_iter().collect())
    }

    /// Stores on which disks these libraries are, and keeps what is stored about others. The caller holds the lock.
    fn remember_disks(&self, libraries: &[Arc<Library>]) -> io::Result<()> {
        let file = self.disks_file()?;
        let before: InnerMounts = file.json::<Vec<(RelPath, String)>>()?.into_iter().collect();
        let mut known = before.clone();
        for library in libraries {
            match library.own_disk() {
                Ok(disk) => known.extend(disk),
                Err(error) => {
                    tracing::warn!(library = library.name, %error, "on which disk a library is cannot be read");
                }
            }
        }
        if known == before {
            return Ok(());
        }
        file.replace(&serde_json::to_vec(&known.into_iter().collect::<Vec<_>>())?)
    }

    fn disks_file(&self) -> io::Result<StateFile> {
        StateFile::read(self.root.join(DISKS), LIMIT_BYTES)
    }

    fn mounts_file(&self) -> io::Result<StateFile> {
        StateFile::read(self.root.join(MOUNTS), LIMIT_BYTES)
    }
}

/// Reads a line: the id of a file system, an inode, and a name.
pub(super) fn read(line: &str) -> Option<(String, Identity)> {
    let (file_system, rest) = line.split_once(' ')?;
    let (inode, name) = rest.split_once(' ')?;
    Some((name.to_owned(), Identity { file_system: file_system.parse().ok()?, inode: inode.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_is_known_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let library = |path: &Path| vec![Arc::new(Library::open("files", path).expect("a library"))];
        data.remember_libraries(&library(folder.path()));
        let known = || data.known_libraries().expect("what is known");
        let before = known();
        assert_eq!(before.len(), 1);
        // A folder in the way of the new content, so that nothing can be written, as on a full disk.
        std::fs::create_dir(data.root().join("libraries.part")).expect("a folder in its way");
        data.remember_libraries(&library(data.root()));
        assert_eq!(known(), before);
        std::fs::remove_dir(data.root().join("libraries.part")).expect("a folder");
        data.remember_libraries(&library(data.root()));
        assert_ne!(known(), before);
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing_and_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
        for name in ["libraries", MOUNTS, "roots"] {
            std::os::unix::fs::symlink("elsewhere", data.root().join(name)).expect("a link in its place");
        }
        data.remember_libraries(&[Arc::clone(&library)]);
        data.remember_mounts(&library);
        data.known_libraries().expect_err("not known");
        data.known_mounts("files").expect_err("not known");
        data.root_of("files").expect_err("not known");
        data.known_as(&library).expect_err("not known");
        for name in ["libraries", MOUNTS, "roots"] {
            assert!(data.root().join(name).is_symlink(), "{name} stays as it is");
        }
        for name in [MOUNTS, "roots"] {
            std::fs::remove_file(data.root().join(name)).expect("removed");
            std::fs::write(data.root().join(name), "{").expect("half a file");
        }
        data.remember_libraries(&[Arc::clone(&library)]);
        data.remember_mounts(&library);
        data.known_mounts("files").expect_err("damaged");
        data.root_of("files").expect_err("damaged");
        for name in [MOUNTS, "roots"] {
            assert_eq!(std::fs::read(data.root().join(name)).expect("a file"), b"{", "{name} stays as it is");
        }
    }
}
