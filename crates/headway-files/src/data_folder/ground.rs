//! What a job was planned on: the folder that was its library, and the disks that were mounted inside it. What the job
//! recorded of a file is true only of the file of that folder and that disk. A name can be given to another folder, and
//! another disk can be mounted in the place of the first.

mod same_files;
mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use crate::library::on_disk;
use crate::{Found, Identity};
use headway_model::RelPath;
pub use same_files::SameFiles;
pub(super) use stored::GROUND;

/// What a job was planned on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The root of the library.
    pub root: Identity,
    /// The disks inside it on which the job can have files, each by its mount point.
    disks: BTreeMap<RelPath, Identity>,
}

/// In which places the disks inside a root are not those of a [`Ground`].
#[derive(Debug, Default)]
pub struct DiskChanges {
    /// Another disk or folder is there now.
    pub exchanged: BTreeSet<RelPath>,
    /// What is there now cannot be inspected.
    pub unknown: BTreeMap<RelPath, io::Error>,
}

/// Stands for the identity of a disk that could not be inspected: no disk is known to have it.
const UNKNOWN: Identity = Identity { file_system: 0, inode: 0 };

impl Ground {
    /// A root, without a disk inside it.
    pub fn new(root: Identity) -> Self {
        Ground { root, disks: BTreeMap::new() }
    }

    /// Adds the disks at these mount points below the root at `path`. Blocking: each disk is inspected.
    pub fn with_disks(mut self, path: &Path, mounts: impl IntoIterator<Item = RelPath>) -> Self {
        let looked = mounts.into_iter().map(|mount| {
            let identity = Identity::at(&path.join(on_disk(&mount))).unwrap_or_else(|error| {
                tracing::warn!(%mount, %error, "the results for the files of a disk are not kept: it cannot be looked at");
                UNKNOWN
            });
            (mount, identity)
        });
        self.disks.extend(looked);
        self
    }

    /// Whether the job can have files on disks inside the root.
    pub fn has_disks(&self) -> bool {
        !self.disks.is_empty()
    }

    /// The mount point of the disk inside the root that a path belonged to, if another disk is known to be there now. A
    /// disk that is absent is not another one. Blocking: that disk is inspected.
    ///
    /// # Errors
    /// If the disk cannot be inspected: then it is not known whether it is another one, and nothing must be done there.
    pub fn exchanged_at(&self, root: &Path, path: &RelPath) -> io::Result<Option<RelPath>> {
        let Some((mount, then)) = path.ancestors().iter().rev().find_map(|above| self.disks.get_key_value(above))
        else {
            return Ok(None);
        };
        if *then == UNKNOWN {
            return Ok(None);
        }
        let now = Found::of(Identity::at(&root.join(on_disk(mount)))).known()?;
        Ok(now.filter(|now| now.is_same(then) == Some(false)).map(|_| mount.clone()))
    }

    /// The mount point of the first disk inside the root in whose place another one is now. Blocking: each is inspected.
    ///
    /// # Errors
    /// If no disk is known to be another one, and one of them cannot be inspected.
    pub fn exchanged(&self, root: &Path) -> io::Result<Option<RelPath>> {
        let mut unknown = None;
        for mount in self.disks.keys() {
            match self.exchanged_at(root, mount) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => unknown = Some(error),
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// The mount points of all disks inside the root that are not there now, or cannot be inspected. Blocking: each is inspected.
    pub fn changes(&self, root: &Path) -> DiskChanges {
        let mut changes = DiskChanges::default();
        for mount in self.disks.keys() {
            match self.exchanged_at(root, mount) {
                Ok(None) => {}
                Ok(Some(mount)) => {
                    changes.exchanged.insert(mount);
                }
                Err(error) => {
                    changes.unknown.insert(mount.clone(), error);
                }
            }
        }
        changes
    }

    /// This ground with the disks of an earlier one at these mount points: nobody has accepted what is there now.
    pub fn with_disks_of(mut self, earlier: &Ground, mounts: &BTreeSet<RelPath>) -> Self {
        let kept = earlier.disks.iter().filter(|(mount, _)| mounts.contains(*mount));
        self.disks.extend(kept.map(|(mount, identity)| (mount.clone(), *identity)));
        self
    }
}
