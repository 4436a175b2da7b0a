//! What was found at the libraries' paths when they were last used, so that an empty mount point is not taken for a library.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{DataFolder, private};
use crate::{Found, Identity, InnerMounts, Library};
use headway_model::RelPath;

/// Maximum size of the file in bytes.
pub(super) const LIMIT: u64 = 1 << 20;

impl DataFolder {
    /// The identity of each library when it was last used, by name. Anything that cannot be read counts as unknown.
    pub fn known_libraries(&self) -> HashMap<String, Identity> {
        let text = Found::of(private::read(&self.root.join("libraries"), LIMIT)).known().unwrap_or_else(|error| {
            tracing::warn!(%error, "the identities of the libraries cannot be read, so an empty folder is taken for one");
            None
        });
        let text = text.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        text.lines().filter_map(read).collect()
    }

    /// Stores the current identities and roots of these libraries, and keeps what is stored about others.
    pub fn remember_libraries(&self, libraries: &[Arc<Library>]) {
        let _one_at_a_time = self.remembering.lock();
        self.remember_roots(libraries);
        self.remember_disks(libraries);
        let before = self.known_libraries();
        let mut known = before.clone();
        // The file cannot hold a name with a line feed. The identity of such a library is not known after a restart.
        let libraries = libraries.iter().filter(|library| !library.name.contains('\n'));
        known.extend(libraries.filter_map(|library| Some((library.name.clone(), library.identity()?))));
        if known == before {
            return;
        }
        let line =
            |(name, identity): (&String, &Identity)| format!("{} {} {name}\n", identity.file_system, identity.inode);
        let lines: String = known.iter().map(line).collect();
        let path = self.root.join("libraries");
        if let Err(error) = private::replace(&path, lines.as_bytes()) {
            tracing::debug!(%error, "the identities of the libraries cannot be kept");
        }
    }
}

/// The file that lists what was mounted inside the libraries when jobs were planned, so that an empty mount point is
/// not taken for the content of its disk.
const MOUNTS: &str = "mounts";

/// The file that lists the disks on which libraries were, so that a library around one of them expects it.
const DISKS: &str = "disks";

impl DataFolder {
    /// What was mounted inside the library of this name. Anything that cannot be read counts as unknown.
    pub fn known_mounts(&self, library: &str) -> InnerMounts {
        self.all_mounts().remove(library).unwrap_or_default().into_iter().collect()
    }

    /// Stores what is known to be mounted inside a library, and keeps what is stored about others.
    pub fn remember_mounts(&self, library: &Library) {
        let _one_at_a_time = self.remembering.lock();
        let mut all = self.all_mounts();
        let known: Vec<_> = library.inner_mounts().into_iter().collect();
        let before = if known.is_empty() {
            all.remove(&library.name).unwrap_or_default()
        } else {
            all.insert(library.name.clone(), known.clone()).unwrap_or_default()
        };
        if known == before {
            return;
        }
        let kept = serde_json::to_vec(&all).map_err(std::io::Error::from);
        if let Err(error) = kept.and_then(|text| private::replace(&self.root.join(MOUNTS), &text)) {
            tracing::warn!(%error, "the disks inside a library cannot be kept; they are known until the server ends");
        }
    }

    /// The disks on which libraries were when they were last used, by their mount points seen from `/`. Anything that cannot be
    /// read counts as unknown.
    pub fn known_disks(&self) -> InnerMounts {
        let text = Found::of(private::read(&self.root.join(DISKS), LIMIT)).known();
        let disks: std::io::Result<Option<Vec<(RelPath, String)>>> =
            text.and_then(|text| Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?));
        let unknown = |error: std::io::Error| {
            tracing::warn!(%error, "the list of disks of the libraries cannot be read, so a missing disk might not be noticed");
            None
        };
        disks.unwrap_or_else(unknown).unwrap_or_default().into_iter().collect()
    }

    /// Stores on which disks these libraries are, and keeps what is stored about others. The caller holds the lock.
    fn remember_disks(&self, libraries: &[Arc<Library>]) {
        let before = self.known_disks();
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
            return;
        }
        let listed: Vec<_> = known.into_iter().collect();
        let kept = serde_json::to_vec(&listed).map_err(std::io::Error::from);
        if let Err(error) = kept.and_then(|text| private::replace(&self.root.join(DISKS), &text)) {
            tracing::warn!(%error, "the disks of the libraries cannot be kept, so a missing one might not be noticed");
        }
    }

    fn all_mounts(&self) -> BTreeMap<String, Vec<(RelPath, String)>> {
        let unknown = |error: std::io::Error| {
            tracing::warn!(%error, "the list of disks inside the libraries cannot be read, so a missing disk is not noticed");
            None
        };
        let text = Found::of(private::read(&self.root.join(MOUNTS), LIMIT)).known();
        let all = text.and_then(|text| Ok(text.map(|text| serde_json::from_slice(&text)).transpose()?));
        all.unwrap_or_else(unknown).unwrap_or_default()
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
        let before = data.known_libraries();
        assert_eq!(before.len(), 1);
        // A folder in the way of the new content, so that nothing can be written, as on a full disk.
        std::fs::create_dir(data.root().join("libraries.part")).expect("a folder in its way");
        data.remember_libraries(&library(data.root()));
        assert_eq!(data.known_libraries(), before);
        std::fs::remove_dir(data.root().join("libraries.part")).expect("a folder");
        data.remember_libraries(&library(data.root()));
        assert_ne!(data.known_libraries(), before);
    }
}
