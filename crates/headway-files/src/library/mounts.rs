//! Disks that are mounted inside a library: which are there now, and which were there when a job was planned.
//!
//! When a disk is gone, its mount point remains as an empty folder. A job must not take that for the content of the
//! disk: nothing is known of the disk's files, and nothing is written in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

use super::mount_table::{MountLine, mount_table, unescape};
use super::root::{file_system_of, is_empty};
use super::{Found, Identity, Library, on_disk};
use headway_model::{RelPath, SkipReason};

/// Mount points inside a library, each with its device, such as `/dev/sdb1`.
pub type InnerMounts = BTreeMap<RelPath, String>;

impl Library {
    /// What is mounted inside the library now. This reads the system's table, not the disks, so it never waits for
    /// storage.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn mounted(&self) -> io::Result<InnerMounts> {
        mounted_below(&self.path)
    }

    /// The disks of the library: its own, at the empty path, and those that are mounted inside it, each with the id of
    /// its file system if that can be read.
    ///
    /// # Errors
    /// If what is mounted cannot be seen.
    pub fn disks(&self) -> io::Result<BTreeMap<RelPath, Option<u64>>> {
        let id = |path: &RelPath| match self.folder(path).and_then(|dir| file_system_of(&dir)) {
            Ok(id) => Some(id),
            Err(error) => {
                tracing::debug!(library = self.name, %path, %error, "the id of a disk cannot be read");
                None
            }
        };
        let paths = std::iter::once(RelPath::default()).chain(self.mounted()?.into_keys());
        Ok(paths.map(|path| (path.clone(), id(&path))).collect())
    }

    /// The disks that are mounted inside the library, and on which this folder lies, or that are below it if
    /// `deep`: remembers what each is. Blocking: these disks are looked at.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn look_at_disks(&self, folder: &RelPath, deep: bool) -> io::Result<()> {
        for mount in self.mounted()?.into_keys() {
            let (is_above, is_below) = (folder.ancestors().contains(&mount), mount.ancestors().contains(folder));
            if !(is_above || deep && is_below) {
                continue;
            }
            match Identity::at(&self.path.join(on_disk(&mount))) {
                Ok(identity) => drop(self.seen_disks.lock().insert(mount, identity)),
                Err(error) => {
                    tracing::debug!(library = self.name, %mount, %error, "a disk cannot be looked at");
                }
            }
        }
        Ok(())
    }

    /// The disks inside the library as they were [last seen](Library::look_at_disks), by their mount points. This never waits
    /// for storage.
    pub fn seen_disks(&self) -> BTreeMap<RelPath, Identity> {
        self.seen_disks.lock().clone()
    }

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

    /// The disk on which the library lies: its mount point, seen from `/`, and its device. `None` if that is the disk of `/`.
    ///
    /// # Errors
    /// If the system's table cannot be read.
    pub fn own_disk(&self) -> io::Result<Option<(RelPath, String)>> {
        let mut mounted = mounted_below(Path::new("/"))?;
        let below = self.path.strip_prefix("/").unwrap_or(&self.path);
        let Ok(path) = RelPath::from_bytes(below.as_os_str().as_bytes()) else { return Ok(None) };
        Ok(path.ancestors().into_iter().rev().find_map(|above| mounted.remove_entry(&above)))
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

    /// Lets the job of this handle go on without those of the `accepted` mounts that are gone, because a person wants it to:
    /// its calls about their files are no longer refused. They are still [missing](Library::missing_mounts), and those of
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

    /// What was mounted inside the library and is not there now, also that without which the job of this handle goes on.
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
        let line = if missing.is_empty() { Vec::new() } else { path.ancestors() };
        Ok(line.into_iter().find(|above| missing.contains_key(above)))
    }

    /// What was mounted inside the library and is not there now, and without which the job of this handle does not go on.
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
        let line = if absent.is_empty() { Vec::new() } else { path.ancestors() };
        Ok(line.into_iter().find(|above| absent.contains_key(above)))
    }

    /// Refuses a path on an absent disk, with an error of the environment.
    pub(super) fn check_on_disk(&self, path: &RelPath) -> io::Result<()> {
        match self.absent_disk_of(path)? {
            None => Ok(()),
            Some(_) => Err(Errno::NODEV.into()),
        }
    }
}

/// What is mounted below a folder now. This never waits for storage.
///
/// # Errors
/// If the system's table cannot be read.
pub fn mounted_below(root: &Path) -> io::Result<InnerMounts> {
    let table = mount_table()?;
    let root = root.as_os_str().as_bytes();
    Ok(table.split(|byte| *byte == b'\n').filter_map(|line| mount(line, root)).collect())
}

/// The mount of one line of the table, if it is below this root.
fn mount(line: &[u8], root: &[u8]) -> Option<(RelPath, String)> {
    let line = MountLine::read(line)?;
    let (point, device) = (unescape(line.point), unescape(line.source));
    let below = if root == b"/" { point.strip_prefix(root)? } else { point.strip_prefix(root)?.strip_prefix(b"/")? };
    let path = RelPath::from_bytes(below).ok().filter(|path| !path.is_root())?;
    Some((path, String::from_utf8_lossy(&device).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{OpenError, environment, walk};
    use super::*;
    use headway_model::PauseReason;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).expect("a path")
    }

    #[test]
    fn a_line_of_the_table_is_a_mount_below_the_root_or_none() {
        let line = br"36 35 98:0 / /srv/my\040files/usb rw,noatime master:1 shared:2 - ext4 /dev/sdb1 rw";
        assert_eq!(mount(line, b"/srv/my files"), Some((path("usb"), "/dev/sdb1".to_owned())));
        assert_eq!(mount(line, b"/srv/my"), None, "no prefix of a name");
        assert_eq!(mount(line, b"/srv/my files/usb"), None, "the root itself");
        assert_eq!(mount(b"", b"/srv"), None);
        let line = b"36 35 0:2 / /srv/usb rw - tmpfs none rw";
        assert_eq!(mount(line, b"/"), Some((path("srv/usb"), "none".to_owned())));
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
        assert!(matches!(library.changed(&below), OpenError::Environment(PauseReason::LibraryGone)));
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
