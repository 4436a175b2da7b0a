//! The disks inside a library that a job lacks.

use std::collections::BTreeSet;
use std::io;

use crate::engine;
use headway_files::{Ground, InnerMounts, Library};
use headway_model::{RelPath, StartJob};

/// The disks inside a library that a job lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LackingDisks {
    /// The missing disks that the job needs, and that no person has let it go on without.
    pub(super) absent: InnerMounts,
    /// The mount points where there is another disk than the one that the job was planned on.
    pub(super) exchanged: BTreeSet<RelPath>,
    /// The mount points of disks that cannot be looked at.
    pub(super) unknown: BTreeSet<RelPath>,
}

impl LackingDisks {
    /// What a job lacks that was planned on this ground. `accepted` are the disks that a person has let it go on without. Also
    /// returns why a disk cannot be looked at. Blocking.
    pub(super) fn of(
        library: &Library,
        ground: Option<&Ground>,
        request: Option<&StartJob>,
        accepted: &BTreeSet<RelPath>,
    ) -> io::Result<(Self, Option<io::Error>)> {
        // A disk that leaves or comes back meanwhile is not another one.
        let mut missing = library.missing_mounts()?;
        let changes = ground.map(|ground| ground.changes(&library.path)).unwrap_or_default();
        missing.extend(library.missing_mounts()?);
        let (left, exchanged): (BTreeSet<_>, BTreeSet<_>) =
            changes.exchanged.into_iter().partition(|mount| missing.contains_key(mount));
        let missed = |request| engine::missed_disks(library, request, accepted, !exchanged.is_empty());
        let mut absent = request.map(missed).transpose()?.unwrap_or_default();
        absent.extend(missing.into_iter().filter(|(mount, _)| left.contains(mount)));
        let unknown = changes.unknown.keys().cloned().collect();
        Ok((LackingDisks { absent, exchanged, unknown }, changes.unknown.into_values().next()))
    }

    /// Whether the job lacks no disk.
    pub(super) fn is_empty(&self) -> bool {
        self.absent.is_empty() && self.exchanged.is_empty() && self.unknown.is_empty()
    }

    /// Whether a disk is known to be missing or exchanged. Of one that cannot be looked at, neither is known.
    pub(super) fn has_known(&self) -> bool {
        !(self.absent.is_empty() && self.exchanged.is_empty())
    }

    /// Those of these disks that were not among the ones that a person was `told` about.
    pub(super) fn beyond(&self, told: &LackingDisks) -> BTreeSet<RelPath> {
        let is_told = |mount: &RelPath| told.exchanged.contains(mount) || told.unknown.contains(mount);
        let absent = self.absent.keys().filter(|mount| !told.absent.contains_key(*mount));
        let others = self.exchanged.iter().chain(&self.unknown).filter(|mount| !is_told(mount));
        absent.chain(others).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    fn lacking(absent: &[&str], exchanged: &[&str], unknown: &[&str]) -> LackingDisks {
        let paths = |names: &[&str]| -> BTreeSet<RelPath> { names.iter().copied().map(path).collect() };
        LackingDisks {
            absent: absent.iter().map(|name| (path(name), format!("/dev/{name}"))).collect(),
            exchanged: paths(exchanged),
            unknown: paths(unknown),
        }
    }

    #[test]
    fn a_person_who_is_told_that_a_disk_is_missing_is_not_told_of_another_disk_in_its_place() {
        let told = lacking(&["a"], &["b"], &["c"]);
        let beyond = |absent: &[&str], exchanged: &[&str], unknown: &[&str]| -> Vec<String> {
            lacking(absent, exchanged, unknown).beyond(&told).iter().map(ToString::to_string).collect()
        };
        assert_eq!(beyond(&["a"], &["b"], &["c"]), Vec::<String>::new());
        assert_eq!(beyond(&["a", "d"], &[], &[]), ["d"], "another disk left later");
        assert_eq!(beyond(&["b"], &["a"], &[]), ["a", "b"]);
        assert_eq!(beyond(&[], &["c"], &["b"]), Vec::<String>::new());
    }

    #[test]
    fn an_exchanged_disk_is_lacking_as_a_missing_one_is() {
        let has_known = |absent: &[&str], exchanged: &[&str]| lacking(absent, exchanged, &["c"]).has_known();
        assert_eq!([has_known(&["a"], &[]), has_known(&[], &["b"]), has_known(&[], &[])], [true, true, false]);
    }

    #[test]
    fn a_disk_that_left_is_missing_and_not_exchanged() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        for name in ["a", "b"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let root = library.identity().expect("a folder");
        let ground = Ground::new(root).with_disks(folder.path(), ["a", "b"].map(path));
        for name in ["a", "b"] {
            std::fs::rename(folder.path().join(name), folder.path().join(format!("was {name}"))).expect("a rename");
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        // Nothing is mounted at `a` any more.
        library.expect_mounts([(path("a"), "/dev/a".to_owned())].into());
        let (lacks, unseen) = LackingDisks::of(&library, Some(&ground), None, &BTreeSet::new()).expect("a table");
        assert_eq!((lacks, unseen.is_none()), (lacking(&["a"], &["b"], &[]), true));
    }
}
