//! What each job was planned on, as the data folder stores it: in the job's folder, one line for each root and each
//! disk.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::super::known::{LIMIT_BYTES, read};
use super::super::{DataFolder, StateFile, private};
use super::Ground;
use crate::Identity;
use headway_model::{JobId, RelPath};

/// The file that stores what a job was planned on. It is in the job's folder.
pub(in crate::data_folder) const GROUND: &str = ".ground";

/// The file that lists the missing disks without which a job goes on. It is in the job's folder.
const WITHOUT: &str = ".without";

/// The content that an earlier version wrote: it did not say which disks were missing. A person is asked again.
const ANY_DISKS: &[u8] = b"disks\n";

impl DataFolder {
    /// Stores what a job was planned on, until the job's history is removed. If that is only the root, and the same is
    /// stored for the library, this does not wait for the disk: if the machine stops and the file is lost, the identity
    /// of the library takes its place.
    pub fn keep_ground(&self, job: &JobId, library: &str, ground: &Ground) {
        let is_remembered = ground.disks.is_empty()
            && matches!(self.known_libraries(), Ok(known) if known.get(library) == Some(&ground.root));
        let replace = if is_remembered { private::replace_unsynced } else { private::replace };
        if let Err(error) = self.write_grounds(job, std::slice::from_ref(ground), replace) {
            tracing::debug!(job.id = %job, %error, "the root that the job was planned on cannot be kept");
        }
    }

    /// Adds the ground that a person has accepted for a job. The earlier ground stays stored, because the job's earlier
    /// work was done on it.
    ///
    /// # Errors
    /// If it cannot be stored; then the job is not bound to it.
    pub fn add_ground(&self, job: &JobId, ground: &Ground) -> io::Result<()> {
        let mut grounds = self.grounds(job)?;
        if grounds.last() == Some(ground) {
            return Ok(());
        }
        grounds.push(ground.clone());
        self.write_grounds(job, &grounds, private::replace)
    }

    /// Notes that a person wants a job to go on without these disks too, which are missing inside its library: their mount
    /// points. Durable.
    ///
    /// # Errors
    /// If it cannot be noted, or what was noted before cannot be read.
    pub fn accept_missing(&self, job: &JobId, disks: impl IntoIterator<Item = RelPath>) -> io::Result<()> {
        let file = self.without_file(job)?;
        let mut accepted = listed(&file)?;
        accepted.extend(disks);
        private::make_folder(&self.root.join("jobs").join(job.to_string()))?;
        file.replace(&serde_json::to_vec(&accepted)?)
    }

    /// The mount points of the missing disks without which a person wants a job to go on. What cannot be read is not known to
    /// be wanted: the job asks again.
    pub fn accepted_missing(&self, job: &JobId) -> BTreeSet<RelPath> {
        let accepted = self.without_file(job).and_then(|file| listed(&file));
        accepted.unwrap_or_else(|error| {
            tracing::warn!(job.id = %job, %error, "without which disks a job goes on cannot be read");
            BTreeSet::new()
        })
    }

    fn without_file(&self, job: &JobId) -> io::Result<StateFile> {
        StateFile::read(self.root.join("jobs").join(job.to_string()).join(WITHOUT), LIMIT_BYTES)
    }

    fn write_grounds(
        &self,
        job: &JobId,
        grounds: &[Ground],
        replace: fn(&Path, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = self.root.join("jobs").join(job.to_string());
        let line = |identity: &Identity, name: &str| format!("{} {} {name}\n", identity.file_system, identity.inode);
        let lines = |ground: &Ground| {
            let disks = ground.disks.iter().map(|(path, identity)| line(identity, path.as_str()));
            std::iter::once(line(&ground.root, "")).chain(disks).collect::<String>()
        };
        let text: String = grounds.iter().map(lines).collect();
        private::make_folder(&folder)?;
        replace(&folder.join(GROUND), text.as_bytes())
    }

    /// The ground that a job is bound to, if it is known: the one that it was planned on, or the one that a person has
    /// accepted last.
    ///
    /// # Errors
    /// If what is stored cannot be read. Then the job must not touch any folder.
    pub fn ground(&self, job: &JobId) -> io::Result<Option<Ground>> {
        Ok(self.grounds(job)?.pop())
    }

    /// Every ground of a job, in order: the one that it was planned on, then those that a person has accepted. Empty if
    /// nothing is stored.
    ///
    /// # Errors
    /// If what is stored cannot be read.
    pub fn grounds(&self, job: &JobId) -> io::Result<Vec<Ground>> {
        let path = self.root.join("jobs").join(job.to_string()).join(GROUND);
        let file = StateFile::read(path, LIMIT_BYTES)?;
        Ok(file.text().and_then(|text| parse(std::str::from_utf8(text).ok()?)).unwrap_or_default())
    }
}

/// The disks that a file lists.
fn listed(file: &StateFile) -> io::Result<BTreeSet<RelPath>> {
    if file.text() == Some(ANY_DISKS) { Ok(BTreeSet::new()) } else { file.json() }
}

/// Reads what was stored; `None` if any of it cannot be read.
fn parse(text: &str) -> Option<Vec<Ground>> {
    let mut grounds: Vec<Ground> = Vec::new();
    for line in text.lines() {
        let (path, identity) = read(line)?;
        match grounds.last_mut() {
            Some(ground) if !path.is_empty() => drop(ground.disks.insert(path.parse().ok()?, identity)),
            _ if path.is_empty() => grounds.push(Ground::new(identity)),
            // A disk needs a root.
            _ => return None,
        }
    }
    Some(grounds)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SameFiles;
    use super::*;
    use crate::Library;

    #[test]
    fn on_what_a_job_was_planned_is_kept_whether_or_not_the_library_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let library = Arc::new(Library::open("files", folder.path()).expect("a library"));
        let (is, other) = (library.identity().expect("a folder"), Identity { file_system: 1, inode: 2 });
        let keep = |job: &JobId, root| data.keep_ground(job, "files", &Ground::new(root));
        data.remember_libraries(&[library]);
        for (number, identity) in [(1, is), (2, other), (3, is)] {
            let job = JobId::mint(number, [0; 10]);
            assert_eq!(data.ground(&job).expect("readable"), None);
            keep(&job, identity);
            keep(&job, identity);
            assert_eq!(data.ground(&job).expect("readable").map(|ground| ground.root), Some(identity));
        }
        // As after a stop of the machine.
        let job = JobId::mint(4, [0; 10]);
        keep(&job, is);
        private::create(&data.root().join("jobs").join(job.to_string()).join(GROUND)).expect("an empty file");
        assert_eq!(data.ground(&job).expect("readable"), None, "what is not there is not known");
    }

    #[test]
    fn a_file_below_a_mount_point_is_the_same_only_on_the_same_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Identity::at(folder.path()).expect("a folder");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let [usb, card, late] = ["usb", "usb/card", "late"].map(path);
        for mount in ["usb/card", "late"] {
            std::fs::create_dir_all(folder.path().join(mount)).expect("a folder");
        }
        let planned = Ground::new(root).with_disks(folder.path(), [usb.clone(), card.clone(), path("none")]);
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        data.keep_ground(&job, "files", &planned);
        assert_eq!(data.ground(&job).expect("readable"), Some(planned.clone()));
        let same = |mounted: &[&RelPath]| {
            let mounted: Vec<_> = mounted.iter().map(|mount| (*mount).clone()).collect();
            let same = SameFiles::below(&[(planned.clone(), Some(true))], folder.path(), &mounted);
            ["a", "usb/a", "usb/card/a", "late/a", "none/a"].map(|file| same.have(&path(file)))
        };
        assert_eq!(same(&[&usb, &card]), [true, true, true, true, false], "a disk that could not be looked at");
        assert_eq!(same(&[&usb, &card, &late]), [true, true, true, false, false], "a disk that the job did not see");
        assert_eq!(same(&[&card]), [true, false, true, true, false], "a missing disk");
        std::fs::rename(folder.path().join("usb/card"), folder.path().join("first")).expect("a rename");
        std::fs::create_dir(folder.path().join("usb/card")).expect("a folder");
        assert_eq!(same(&[&usb, &card]), [true, true, false, true, false], "another disk");
        assert_eq!(planned.exchanged(folder.path()).expect("known"), Some(card.clone()));
        let changes = |ground: &Ground| ground.changes(folder.path()).exchanged;
        assert_eq!(changes(&planned), BTreeSet::from([card.clone()]));
        // A person who accepts what is there now, but was not asked about this disk, has not accepted the other one.
        let now = Ground::new(root).with_disks(folder.path(), [usb.clone(), card.clone()]);
        assert_eq!(changes(&now), BTreeSet::new());
        assert_eq!(
            changes(&now.with_disks_of(&planned, &BTreeSet::from([card.clone()]))),
            BTreeSet::from([card.clone()])
        );
        let at = |file: &str| planned.exchanged_at(folder.path(), &path(file)).expect("known");
        assert_eq!(["a", "usb/a", "usb/card/a", "none/a"].map(at), [None, None, Some(card.clone()), None]);
        assert!(!SameFiles::none().can_have(&path("a")));
        // A call that fails says nothing about the disk.
        let beyond = Path::new("/").join("x".repeat(300));
        planned.exchanged_at(&beyond, &path("usb/a")).expect_err("it is not known");
        planned.exchanged(&beyond).expect_err("nor of any disk");
        assert_eq!((planned.changes(&beyond).exchanged.len(), planned.changes(&beyond).unknown.len()), (0, 2));
        assert_eq!(planned.exchanged_at(&beyond, &path("a")).expect("on no disk"), None);
    }

    #[test]
    fn what_a_job_was_planned_on_is_not_replaced_because_it_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let ground = Ground::new(Identity::at(folder.path()).expect("a folder"));
        let job = JobId::mint(1, [0; 10]);
        let stored = data.root().join("jobs").join(job.to_string()).join(GROUND);
        std::fs::create_dir_all(stored.parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink("elsewhere", &stored).expect("a link");
        data.add_ground(&job, &ground).expect_err("what was there is not known");
        data.grounds(&job).expect_err("nor on what it was planned");
        data.ground(&job).expect_err("nor to what it is bound");
        assert!(stored.is_symlink());
    }

    #[test]
    fn a_person_accepts_for_a_job_the_disks_that_were_named_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let [first, second] = [1, 2].map(|number| JobId::mint(number, [0; 10]));
        let [a, b] = ["a", "b/inside"].map(|text| text.parse::<RelPath>().expect("a path"));
        assert_eq!(data.accepted_missing(&first), BTreeSet::new());
        data.accept_missing(&first, [b.clone()]).expect("stored");
        assert_eq!(data.accepted_missing(&first), BTreeSet::from([b.clone()]));
        data.accept_missing(&first, [a.clone()]).expect("stored");
        assert_eq!(data.accepted_missing(&first), BTreeSet::from([a.clone(), b]));
        assert_eq!(data.accepted_missing(&second), BTreeSet::new(), "another job asks");
        std::fs::write(data.root().join("jobs").join(first.to_string()).join(WITHOUT), "disks")
            .expect("a damaged file");
        assert_eq!(data.accepted_missing(&first), BTreeSet::new(), "what cannot be read is not wanted");
        data.accept_missing(&first, [a.clone()]).expect_err("and not replaced");
        // An earlier version did not store which disks.
        let stored = data.root().join("jobs").join(second.to_string()).join(WITHOUT);
        std::fs::create_dir_all(stored.parent().expect("a folder")).expect("a folder");
        std::fs::write(stored, ANY_DISKS).expect("a file");
        assert_eq!(data.accepted_missing(&second), BTreeSet::new(), "a person is asked again");
        data.accept_missing(&second, [a.clone()]).expect("stored");
        assert_eq!(data.accepted_missing(&second), BTreeSet::from([a]));
    }

    #[test]
    fn what_a_person_accepts_is_added_to_what_a_job_was_planned_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let root = Identity::at(folder.path()).expect("a folder");
        let usb = || Ground::new(root).with_disks(folder.path(), [path("usb")]);
        let job = JobId::mint(1, [0; 10]);
        std::fs::create_dir(folder.path().join("usb")).expect("a folder");
        let first = usb();
        data.keep_ground(&job, "files", &first);
        data.add_ground(&job, &first).expect("stored");
        assert_eq!(data.grounds(&job).expect("readable"), std::slice::from_ref(&first));
        std::fs::rename(folder.path().join("usb"), folder.path().join("away")).expect("a rename");
        std::fs::create_dir(folder.path().join("usb")).expect("a folder");
        let second = usb();
        data.add_ground(&job, &second).expect("stored");
        assert_eq!(data.grounds(&job).expect("readable"), [first.clone(), second.clone()]);
        assert_eq!(data.ground(&job).expect("readable"), Some(second.clone()), "to which it is bound");
        let same = |grounds: &[Ground]| {
            let grounds: Vec<_> = grounds.iter().map(|ground| (ground.clone(), Some(true))).collect();
            let same = SameFiles::below(&grounds, folder.path(), &[path("usb")]);
            ["a", "usb/a"].map(|file| (same.have(&path(file)), same.can_have(&path(file))))
        };
        assert_eq!(
            same(&data.grounds(&job).expect("readable")),
            [(true, true), (false, true)],
            "on which disk it saw a file is not known"
        );
        assert_eq!(same(&[first]), [(true, true), (false, false)]);
        assert_eq!(same(&[second]), [(true, true); 2]);
    }
}
