//! Disks that were mounted inside a library when a job was planned, and are not there now.
//!
//! When a disk is gone, its mount point remains as an empty folder. A job must not take that for the content of the
//! disk: nothing is known of the disk's files, and nothing is written in its place.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

use super::mounts::InnerMounts;
use super::root::is_empty;
use super::{Found, Library, on_disk};
use headway_model::{RelPath, SkipReason};

impl Library {
    /// What is known to be mounted inside the library, also if it is gone, for storing.
    pub fn inner_mounts(&self) -> InnerMounts {
        self.inner_mounts.lock().clone()
    }

    /// Adds stored mounts to those already known.
    pub fn expect_mounts(&self, remembered: InnerMounts) {
        let mut known = self.inner_mounts.lock();
        for (path, device) in remembered {
            known.entry(path).or_insert(device);
        }
    }

    /// Adds disks on which other libraries were, by their mount points seen from `/`: those in whose place there is now an
    /// empty folder of this library's own disk. Blocking, but never waits for other storage than its own.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn expect_disks(&self, disks: &InnerMounts) -> io::Result<()> {
        let mounted = self.mounted()?;
        for (point, device) in disks {
            let point = Path::new("/").join(on_disk(point));
            let Ok(below) = point.strip_prefix(&self.path) else { continue };
            let Ok(path) = RelPath::from_bytes(below.as_os_str().as_bytes()) else { continue };
            if path.is_root() || path.ancestors().iter().any(|above| mounted.contains_key(above)) {
                continue;
            }
            // A folder with files is used in place of the disk.
            match Found::of(self.folder(&path).and_then(|dir| is_empty(&dir))).known() {
                Ok(Some(true)) => {
                    self.inner_mounts.lock().entry(path).or_insert_with(|| device.clone());
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(library = self.name, %path, %error, "whether a disk is missing cannot be seen");
                }
            }
        }
        Ok(())
    }

    /// Notes what is mounted inside the library now.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn note_mounts(&self) -> io::Result<()> {
        let mounted = self.mounted()?;
        self.gone_without.lock().retain(|path, _| !mounted.contains_key(path));
        self.inner_mounts.lock().extend(mounted);
        Ok(())
    }

    /// Lets the job of this handle go on without those `accepted` mounts that are missing: calls of this handle about
    /// their files are no longer refused. The mounts still count as [missing](Library::missing_mounts), and calls of
    /// every other handle are refused. So are calls about a mount that a person was not asked about.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn go_without_mounts(&self, accepted: &BTreeSet<RelPath>) -> io::Result<()> {
        let mut missing = self.missing_mounts()?;
        missing.retain(|path, _| accepted.contains(path));
        *self.gone_without.lock() = missing;
        Ok(())
    }

    /// The mount points of the missing disks without which the job of this handle goes on.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub fn gone_without(&self) -> io::Result<BTreeSet<RelPath>> {
        let mut missing = self.missing_mounts()?;
        let accepted = self.gone_without.lock();
        missing.retain(|path, _| accepted.contains_key(path));
        Ok(missing.into_keys().collect())
    }

    /// Why nothing was found at a path: there is nothing, or its disk is missing and the job of this handle goes on without
    /// it. Then nothing is known of the file.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub(super) fn why_absent(&self, path: &RelPath) -> io::Result<SkipReason> {
        let disk = self.missing_disk_of(path)?;
        Ok(if disk.is_some() { SkipReason::DiskMissing } else { SkipReason::Missing })
    }

    /// The mounts inside the library that are *missing*: they were there and are not now. Those without which the job of this
    /// handle goes on are among them.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn missing_mounts(&self) -> io::Result<InnerMounts> {
        let mut missing = self.inner_mounts();
        if !missing.is_empty() {
            let mounted = self.mounted()?;
            missing.retain(|path, _| !mounted.contains_key(path));
        }
        Ok(missing)
    }

    /// The mount point of the disk that a path belonged to, if that disk is [missing](Library::missing_mounts).
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub fn missing_disk_of(&self, path: &RelPath) -> io::Result<Option<RelPath>> {
        let missing = self.missing_mounts()?;
        Ok(mount_of(path, &missing))
    }

    /// The mounts inside the library that are *absent*: [missing](Library::missing_mounts), and the job of this handle does not go
    /// on without them.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn absent_mounts(&self) -> io::Result<InnerMounts> {
        let mut absent = self.missing_mounts()?;
        let accepted = self.gone_without.lock();
        absent.retain(|path, _| !accepted.contains_key(path));
        Ok(absent)
    }

    /// The mount point of the disk that a path belongs to, if that disk was mounted inside the library and is absent
    /// now: whatever has the path now is another file.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub fn absent_disk_of(&self, path: &RelPath) -> io::Result<Option<RelPath>> {
        let absent = self.absent_mounts()?;
        Ok(mount_of(path, &absent))
    }

    /// Refuses a path on an absent disk, with an error of the environment.
    pub(super) fn check_on_disk(&self, path: &RelPath) -> io::Result<()> {
        match self.absent_disk_of(path)? {
            None => Ok(()),
            Some(_) => Err(Errno::NODEV.into()),
        }
    }
}

/// The one of these mounts that a path is on.
fn mount_of(path: &RelPath, mounts: &InnerMounts) -> Option<RelPath> {
    let line = if mounts.is_empty() { Vec::new() } else { path.ancestors() };
    line.into_iter().find(|above| mounts.contains_key(above))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{OpenError, environment, walk};
    use super::*;
    use headway_model::PauseReason;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).expect("a path")
    }

    #[test]
    fn a_disk_of_another_library_is_expected_where_an_empty_folder_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("its path");
        for name in ["empty", "full", "litter"] {
            std::fs::create_dir(root.join(name)).expect("a folder");
        }
        std::fs::write(root.join("full/file"), "x").expect("a file");
        std::fs::write(root.join("litter/.DS_Store"), "x").expect("a file");
        let library = Library::open("files", &root).expect("a library");
        let seen = |name: &str| {
            let path = root.join(name);
            let below = path.strip_prefix("/").expect("an absolute path").as_os_str().as_bytes();
            (RelPath::from_bytes(below).expect("a path"), "/dev/sdb1".to_owned())
        };
        let disks = ["empty", "full", "gone", "litter"].into_iter().map(seen).collect();
        library.expect_disks(&disks).expect("a table");
        let expected: Vec<_> = library.inner_mounts().into_keys().collect();
        assert_eq!(expected, [path("empty"), path("litter")]);
    }

    #[test]
    fn a_mount_that_is_gone_is_missed_until_a_person_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        library.expect_mounts(BTreeMap::from([(path("photos/usb"), "/dev/sdb1".to_owned())]));
        library.note_mounts().expect("a table");
        assert_eq!(library.absent_mounts().expect("a table").len(), 1);
        std::fs::create_dir_all(folder.path().join("photos/usb")).expect("folders");
        std::fs::write(folder.path().join("photos/usb/below"), "x").expect("a file");
        let is_gone = |error: &io::Error| environment(error) == Some(PauseReason::LibraryGone);
        for below in ["photos/usb", "photos/usb/below", "photos/usb/none"] {
            let asked = [
                library.has(&path(below)).map(drop),
                library.hash(&path(below)).map(drop),
                library.enter_folder(&path(below)).map(drop),
                library.make_folder(&path(below), None).map(drop),
                library.at(&path(below)).map(drop),
                library.remove_temp(&path(below)),
            ];
            // The folder that holds a mount point is not on the disk.
            let of_folder = usize::from(below == "photos/usb");
            let gone = asked.iter().filter(|asked| asked.as_ref().is_err_and(is_gone)).count();
            assert_eq!(gone, 6 - of_folder, "{below}: {asked:?}");
        }
        // The disk leaves between the look for it and the call that then finds nothing, or another file.
        let below = path("photos/usb/below");
        assert!(matches!(library.believed(&below, Found::<()>::Absent), Found::Unknown(error) if is_gone(&error)));
        assert!(matches!(library.changed(&below), OpenError::Call(PauseReason::LibraryGone, _)));
        assert!(matches!(library.believed(&path("photos/none"), Found::<()>::Absent), Found::Absent));
        let walked = walk(&library, &RelPath::default(), &|_, _| false, &mut |_| true);
        assert!(walked.as_ref().is_err_and(is_gone), "{walked:?}");
        walk(&library, &RelPath::default(), &|path, _| path.name() == "usb", &mut |_| true).expect("it is left out");
        assert!(library.trashes().is_err_and(|error| is_gone(&error)), "one might be there");
        assert!(library.has(&path("photos")).expect("an answer"));
        // A person has one job go on without it.
        let accepting = library.for_job();
        accepting.go_without_mounts(&BTreeSet::from([path("photos/other")])).expect("a table");
        assert!(accepting.has(&below).is_err_and(|error| is_gone(&error)), "that is another disk");
        accepting.go_without_mounts(&BTreeSet::from([path("photos/usb")])).expect("a table");
        let why = |at: &str| accepting.why_absent(&path(at)).expect("a table");
        let expected = [SkipReason::DiskMissing, SkipReason::Missing];
        assert_eq!(["photos/usb/none", "photos/none"].map(why), expected);
        assert!(accepting.has(&path("photos/usb/below")).expect("an answer"));
        assert!(matches!(accepting.believed(&path("photos/usb/none"), Found::<()>::Absent), Found::Absent));
        assert_eq!(accepting.absent_mounts().expect("a table").len(), 0);
        assert_eq!(accepting.gone_without().expect("a table"), BTreeSet::from([path("photos/usb")]));
        assert_eq!(library.gone_without().expect("a table"), BTreeSet::new(), "for another job");
        walk(&accepting, &RelPath::default(), &|_, _| false, &mut |_| true).expect("what is there");
        // Whether its trash holds something is not known to this job either.
        assert!(accepting.trashes().is_err_and(|error| is_gone(&error)), "one might be there");
        // For every other job, for the pages and for what keeps the history it is missing as before.
        for other in [&library, &library.for_job()] {
            assert!(other.has(&below).is_err_and(|error| is_gone(&error)));
            assert!(matches!(other.believed(&below, Found::<()>::Absent), Found::Unknown(error) if is_gone(&error)));
            assert!(other.trashes().is_err_and(|error| is_gone(&error)), "one might be there");
            let scanned = super::super::scan(other, &path("photos/usb"), true, &mut |_| true);
            assert!(scanned.is_err(), "an absent disk is not an empty one");
            assert_eq!(other.absent_mounts().expect("a table").len(), 1);
        }
        assert_eq!(library.missing_disk_of(&path("photos/usb/below")).expect("a table"), Some(path("photos/usb")));
        assert_eq!((library.missing_mounts().expect("a table").len(), library.inner_mounts().len()), (1, 1));
    }
}
