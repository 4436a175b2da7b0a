//! Temporary files that could not be removed at once: their removal is tried again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::io::Errno;

use super::folder_calls::FolderCalls;
use super::root::disk_of;
use super::temporary::{item_number, prefix};
use super::{Found, Library, on_disk};
use crate::data_folder::remove_tree;
use headway_model::{JobId, RelPath};

/// Minimum time between two tries, because there can be one such file for each file of a job.
const REST: Duration = Duration::from_secs(10);

/// The files that are left, and when their removal was last tried.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    state: Mutex<LeftState>,
    /// Whether the probe files of earlier processes have been removed.
    are_probes_cleared: AtomicBool,
}

#[derive(Debug, Default)]
struct LeftState {
    /// Each with what identifies the disk on which it is; 0 if that is not known.
    temps: BTreeMap<RelPath, u64>,
    /// Folders of outputs that stay, because a program's input might be in them. The next process looks again.
    kept: BTreeSet<RelPath>,
    tried: Option<Instant>,
}

impl LeftState {
    fn all(&self) -> impl Iterator<Item = &RelPath> {
        self.temps.keys().chain(&self.kept)
    }
}

impl Library {
    /// Remembers a folder that stays, because a program's input might be in it.
    pub(super) fn keeps(&self, workshop: RelPath) {
        self.left.state.lock().kept.insert(workshop);
    }

    /// The folder of an output of this item that stays, because the item's file might be in it; `None` if there is none, or it is
    /// gone by now. Blocking.
    ///
    /// # Errors
    /// The system's error: then it is not known whether it is there.
    pub fn kept_folder(&self, job: JobId, item: u32) -> io::Result<Option<RelPath>> {
        let kept: Vec<_> = self.left.state.lock().kept.iter().cloned().collect();
        let prefix = prefix(job);
        for folder in kept {
            let path = on_disk(&folder);
            let rest = path.file_name().and_then(|name| name.as_bytes().strip_prefix(&prefix[..]));
            if rest.and_then(item_number) != Some(item) {
                continue;
            }
            if self.find(&folder).known()?.is_some() {
                return Ok(Some(folder));
            }
            self.left.state.lock().kept.remove(&folder);
        }
        Ok(None)
    }

    /// Takes in the result of removing a temporary file, and remembers the file if the removal failed. Never pass a
    /// file that might be an original.
    pub(super) fn removed(&self, temp: &RelPath, answer: io::Result<()>) {
        self.removed_from(0, temp, answer);
    }

    /// The same for a file that was made on this `disk`: its removal is tried again only there.
    pub(super) fn removed_from(&self, disk: u64, temp: &RelPath, answer: io::Result<()>) {
        // If the library itself is gone, nothing in it is known to be gone.
        if let Found::Unknown(error) = self.believed(temp, Found::of(answer)) {
            let mut state = self.left.state.lock();
            if let Entry::Vacant(place) = state.temps.entry(temp.clone()) {
                place.insert(disk);
                tracing::warn!(%temp, %error, "a temporary file cannot be removed now");
            }
        }
    }

    /// Fails unless the disk on which a temporary file was made is where the file was: neither another disk at its mount
    /// point nor the empty mount point says anything about the file.
    fn check_disk_of(&self, temp: &RelPath, disk: u64) -> io::Result<()> {
        for folder in temp.ancestors().iter().rev().skip(1) {
            // The folder of the file can be gone too.
            if let Some(dir) = Found::of(self.folder(folder)).known()? {
                return if disk == 0 || disk_of(&dir)? == disk { Ok(()) } else { Err(Errno::NODEV.into()) };
            }
        }
        Err(Errno::NODEV.into())
    }

    /// Removes a temporary file, or the folder in which a program made an output, whichever it is.
    pub(super) fn remove_temp(&self, temp: &RelPath) -> io::Result<()> {
        self.check_on_disk(temp)?;
        let root = self.root()?;
        // Look first: on a failing disk, removing a folder as if it were a file can give a misleading error.
        let found = Found::of(root.look_at(on_disk(temp))).known()?;
        if let Some(found) = found
            && found.is_dir()
        {
            return remove_tree(&self.absolute(temp));
        }
        match root.remove_name(on_disk(temp)) {
            // It has become the folder of an output since the look.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => remove_tree(&self.absolute(temp)),
            removed => removed,
        }
    }

    /// Removes files that could not be removed before and, the first time, the probe files of earlier processes. Call
    /// it whenever the library is reached. Blocking.
    pub fn clean_up(&self) {
        if self.reach().is_err() {
            return;
        }
        if !self.left.are_probes_cleared.load(Ordering::Relaxed) {
            match self.clear_probes() {
                Ok(()) => self.left.are_probes_cleared.store(true, Ordering::Relaxed),
                Err(error) => {
                    tracing::warn!(library = self.name, %error, "probes of an earlier run cannot be removed");
                }
            }
        }
        self.tidy_now_and_then();
    }

    /// Tries the failed removals again, unless that was done a moment ago.
    pub fn tidy_now_and_then(&self) {
        let is_due = {
            let state = self.left.state.lock();
            !state.temps.is_empty() && state.tried.is_none_or(|tried| tried.elapsed() >= REST)
        };
        if is_due {
            self.tidy();
        }
    }

    /// Whether a temporary file of any job could not be removed yet.
    pub fn has_left(&self) -> bool {
        self.left.state.lock().all().next().is_some()
    }

    /// Whether a temporary file of a job could not be removed yet.
    pub fn has_left_of(&self, job: JobId) -> bool {
        let prefix = prefix(job);
        self.left.state.lock().all().any(|temp| begins(temp, &prefix))
    }

    /// Tries the failed removals again, each on its own disk.
    pub fn tidy(&self) {
        self.left.state.lock().tried = Some(Instant::now());
        self.tidy_those(|_| true);
    }

    /// The same for the files of one job.
    pub fn tidy_of(&self, job: JobId) {
        let prefix = prefix(job);
        self.tidy_those(|temp| begins(temp, &prefix));
    }

    fn tidy_those(&self, is_wanted: impl Fn(&RelPath) -> bool) {
        let (temps, kept) = {
            let state = self.left.state.lock();
            (state.temps.clone(), state.kept.clone())
        };
        for (temp, disk) in temps.into_iter().filter(|(temp, _)| is_wanted(temp)) {
            let answer = self.check_disk_of(&temp, disk).and_then(|()| self.remove_temp(&temp));
            if !matches!(self.believed(&temp, Found::of(answer)), Found::Unknown(_)) {
                self.left.state.lock().temps.remove(&temp);
            }
        }
        for folder in kept.into_iter().filter(|folder| is_wanted(folder)) {
            // A person has moved the file, and removed the folder.
            if self.find(&folder).known().is_ok_and(|found| found.is_none()) {
                self.left.state.lock().kept.remove(&folder);
            }
        }
    }
}

/// Whether the name of a file begins with this.
fn begins(path: &RelPath, prefix: &[u8]) -> bool {
    on_disk(path).file_name().is_some_and(|name| name.as_bytes().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_removed_now_is_removed_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let job = JobId::mint(1, [1; 10]);
        let temp: RelPath = format!(".headway-{job}-0-1~").parse().expect("a path");
        std::fs::create_dir_all(folder.path().join(on_disk(&temp)).join("more/below")).expect("folders");
        assert!(!library.has_left());
        library.removed(&temp, Err(io::ErrorKind::PermissionDenied.into()));
        assert!(library.has_left() && library.has_left_of(job) && !library.has_left_of(JobId::mint(2, [2; 10])));
        library.clean_up();
        assert!(!library.has_left() && !library.has_left_of(job));
        assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none());
    }

    #[test]
    fn what_was_left_on_another_disk_is_not_looked_for_at_its_empty_mount_point() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let here = disk_of(&library.root().expect("a root")).expect("a disk");
        let temp: RelPath = format!("usb/.headway-{}-0-1~", JobId::mint(1, [1; 10])).parse().expect("a path");
        let busy = || Err(io::ErrorKind::ResourceBusy.into());
        std::fs::create_dir(folder.path().join("usb")).expect("a folder");
        library.removed_from(here.wrapping_add(1), &temp, busy());
        library.removed_from(here, &temp, busy());
        library.tidy();
        assert!(library.has_left(), "the folder is that of another disk");
        std::fs::remove_dir(folder.path().join("usb")).expect("a folder");
        library.tidy();
        assert!(library.has_left(), "so is the one above it");
        *library.left.state.lock() = LeftState::default();
        library.removed_from(here, &temp, busy());
        library.tidy();
        assert!(!library.has_left(), "on its own disk it is known to be gone");
    }
}
