//! Which files of a job's library are the ones that the job saw, and which are others with their names.

use std::collections::BTreeMap;
use std::path::Path;

use super::Ground;
use crate::Identity;
use crate::library::on_disk;
use headway_model::RelPath;

/// Tells which files of a job's library are still the ones that the job saw. Has one answer for each ground of the job:
/// the first, and those that a person accepted later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameFiles(Vec<SameGround>);

/// The answer for one ground of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SameGround {
    /// Whether the root, or a disk inside it, is the same; `None` if that is not known.
    root: Option<bool>,
    disks: BTreeMap<RelPath, Option<bool>>,
}

impl SameGround {
    /// Compares with what is there now: whether the `root` is the same, and what is mounted below its `path`. Blocking: each
    /// disk that the job can have seen is looked at.
    fn below(planned: &Ground, root: Option<bool>, path: &Path, mounted: &[RelPath]) -> Self {
        if root == Some(false) {
            return SameGround { root, disks: BTreeMap::new() };
        }
        let mut disks: BTreeMap<_, _> = planned.disks.keys().map(|mount| (mount.clone(), Some(false))).collect();
        for mount in mounted {
            let compare = |then| Identity::at(&path.join(on_disk(mount))).ok()?.is_same(then);
            let is_same = planned.disks.get(mount).map_or(Some(false), compare);
            disks.insert(mount.clone(), is_same);
        }
        SameGround { root, disks }
    }

    fn is_same(&self, path: &RelPath) -> Option<bool> {
        if self.root == Some(false) || self.disks.is_empty() {
            return self.root;
        }
        path.ancestors().iter().rev().find_map(|above| self.disks.get(above)).copied().unwrap_or(self.root)
    }
}

impl SameFiles {
    /// No file, because it is not known on what the job was planned.
    pub(in crate::data_folder) fn none() -> Self {
        SameFiles(Vec::new())
    }

    /// Compares each ground of the job, with whether its root is the same, with what is mounted below the `path` of the
    /// root now. Blocking.
    pub(in crate::data_folder) fn below(grounds: &[(Ground, Option<bool>)], path: &Path, mounted: &[RelPath]) -> Self {
        SameFiles(grounds.iter().map(|(planned, root)| SameGround::below(planned, *root, path, mounted)).collect())
    }

    /// False if the folder is known to be another one. Disks mounted inside it do not matter.
    pub fn can_have_root(&self) -> bool {
        self.0.iter().any(|ground| ground.root != Some(false))
    }

    /// Whether the job is known to have seen this very file. The path is as the job named it.
    pub fn have(&self, path: &RelPath) -> bool {
        self.is_same(path) == Some(true)
    }

    /// False if this is known to be another file than the job saw.
    pub fn can_have(&self, path: &RelPath) -> bool {
        self.is_same(path) != Some(false)
    }

    /// The ground on which the job saw a file is not stored, so a file counts as the same only if it is the same on
    /// each.
    fn is_same(&self, path: &RelPath) -> Option<bool> {
        let mut answers = self.0.iter().map(|ground| ground.is_same(path));
        let first = answers.next().unwrap_or(Some(false));
        if answers.all(|answer| answer == first) { first } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_nothing_identifies_is_not_known_to_be_the_same_or_another() {
        let unidentified = |inode| Identity { file_system: 0, inode };
        assert_eq!(unidentified(1).is_same(&unidentified(1)), None);
        assert_eq!(unidentified(1).is_same(&unidentified(2)), Some(false));
        let folder = tempfile::tempdir().expect("a folder");
        let same = SameFiles::below(&[(Ground::new(unidentified(1)), None)], folder.path(), &[]);
        let file = "a".parse().expect("a path");
        assert_eq!((same.have(&file), same.can_have(&file), same.can_have_root()), (false, true, true));
    }
}
