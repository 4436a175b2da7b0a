//! Whether a job can go on with its library and its files as they are on the disk now.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::UntidyJobs;
use super::super::plan::{absent_disks, missing_disks};
use super::ActiveJob;
use headway_files::{DataFolder, Ground};
use headway_model::{FailReason, PauseReason, Query, RelPath};
use headway_recipes::Failure;

/// How many bytes of a file are read to see whether the storage has recovered.
const TRIAL_READ_BYTES: u64 = 64 * 1024 * 1024;

impl ActiveJob {
    /// Accepts the folder that is at the library's path now. Only before the first file is listed. Blocking.
    pub(in crate::engine) fn accept_present_root(&self) -> Result<Option<Ground>, PauseReason> {
        self.ground.accept_present_root(&self.library, &self.request)
    }

    /// Whether the job can go on with the library: with the root that it was planned on or, before its first file is
    /// listed, with any root that it can be planned on. Blocking.
    pub(in crate::engine) fn has_library(&self) -> bool {
        let is_there = match self.has_items() {
            false => self.library.look_again().is_ok() && matches!(self.ground.admits(&self.library), Ok(true)),
            true => self.ground.is_there(&self.library),
        };
        // Files that an earlier job planned can be on any disk.
        let on_any = matches!(self.request.query, Query::Items(_)) || self.has_missed_disk.load(Ordering::Relaxed);
        let is_absent = match on_any {
            true => missing_disks(&self.library, &self.ground.accepted_missing()).map(|missing| !missing.is_empty()),
            false => Ok(false),
        };
        is_there
            && matches!(is_absent, Ok(false))
            && matches!(self.lacks_disk(), Ok(false))
            && (!self.has_items() || self.has_its_disks())
    }

    /// Whether the job needs a missing disk that no person has let it go on without. From now on, calls of the job
    /// about files on the other missing disks are not refused. Blocking, but never waits for storage.
    pub(in crate::engine) fn lacks_disk(&self) -> io::Result<bool> {
        let accepted = self.ground.accepted_missing();
        self.library.go_without_mounts(&accepted)?;
        Ok(!absent_disks(&self.library, &self.request, &accepted)?.is_empty())
    }

    /// Reads which missing disks a person has let the job go on without, now that the job is read or resumed: calls of
    /// the job about files on these disks are no longer refused. Never waits for the storage of a library.
    pub(in crate::engine) fn take_up_accepted(&self) {
        if self.library.inner_mounts().is_empty() {
            return;
        }
        // The job pauses again, and is asked about when it can be seen.
        if let Err(error) = self.lacks_disk() {
            tracing::warn!(job.id = %self.job, %error, "whether a disk is missing cannot be seen");
        }
    }

    /// Whether no other disk is in the place of one that the job was planned on. If that cannot be found out, the job
    /// waits. Blocking.
    pub(in crate::engine) fn has_its_disks(&self) -> bool {
        matches!(self.ground.exchanged(&self.library, None), Ok(None))
    }

    /// Whether no other disk is in the place of the one that a file was on. If that cannot be found out, the job waits.
    /// Blocking.
    pub(in crate::engine) fn has_its_disk(&self, path: &RelPath) -> bool {
        matches!(self.ground.exchanged(&self.library, Some(path)), Ok(None))
    }

    /// What keeps the job from these files, if their library or the disk of one of them is not there or is another one.
    /// Blocking.
    pub(in crate::engine) fn lacks<'a>(&self, mut paths: impl Iterator<Item = &'a RelPath>) -> Option<PauseReason> {
        if let Err(reason) = self.library.reach() {
            return Some(reason);
        }
        let has_disk =
            |path: &RelPath| matches!(self.library.absent_disk_of(path), Ok(None)) && self.has_its_disk(path);
        let has_all = self.is_same_library() && paths.all(has_disk);
        (!has_all).then_some(PauseReason::LibraryGone)
    }

    /// Whether one of these files is on a disk inside the library that is known to be missing. Never waits for storage.
    pub(in crate::engine) fn is_on_absent_disk<'a>(&self, mut paths: impl Iterator<Item = &'a RelPath>) -> bool {
        paths.any(|path| matches!(self.library.absent_disk_of(path), Ok(Some(_))))
    }

    /// A file of this job cannot be reached: if a disk inside the library is gone, the job waits for it.
    pub(in crate::engine) fn note_missed_disk(&self) {
        let is_absent = self.library.missing_mounts().is_ok_and(|missing| !missing.is_empty());
        self.has_missed_disk.store(is_absent, Ordering::Relaxed);
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one for this job.
    pub(in crate::engine) fn is_same_library(&self) -> bool {
        self.ground.is_same(&self.library)
    }

    /// Notes, before the first attempt, that a job that writes might have temporary files from now on. Blocking.
    pub(in crate::engine) fn note_untidy(&self, data: &DataFolder) -> Result<(), Failure> {
        if self.only_reads() || self.is_untidy.load(Ordering::Relaxed) {
            return Ok(());
        }
        let noted = data.note_untidy(self.job);
        noted.map_err(|error| Failure::of(FailReason::Write, "noting that the job makes temporary files", &error))?;
        self.is_untidy.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Notes that an attempt was written off.
    pub(in crate::engine) fn note_written_off(&self) {
        self.was_written_off.store(true, Ordering::Relaxed);
    }

    /// Removes those folders that the job made for files which did not get there, such as the output of an attempt that
    /// failed: they are empty. Returns `false` if some must be looked at again, because the disk is not there, or an attempt of
    /// another job is about to make something in one of them. Blocking.
    pub(in crate::engine) fn remove_empty_folders(&self, data: &DataFolder) -> io::Result<bool> {
        let made = data.made_folders(&self.job)?;
        if made.is_empty() {
            return Ok(true);
        }
        // On another disk a folder of that name is somebody else's.
        Ok(self.is_same_library() && self.has_its_disks() && self.library.remove_empty(made)?)
    }

    /// Whether the library and the disks inside it are those that the job was planned on. If not, no disk is kept busy. Blocking.
    pub(in crate::engine) fn is_on_own_ground(&self) -> bool {
        let is_there = self.ground.is_there(&self.library) && self.has_its_disks();
        if !is_there {
            self.library.let_go(Duration::ZERO);
        }
        is_there
    }

    /// Whether the job has left no empty folder in the library that is to be removed, as far as can be seen. If no temporary
    /// file is left either, the note about the job is removed; otherwise it is one of the `untidy` jobs. Blocking.
    pub(in crate::engine) fn leaves_nothing(self: &Arc<Self>, data: &DataFolder, untidy: &UntidyJobs) -> bool {
        let tidied = (|| {
            // An attempt that was written off holds the job, and can still make a file. Its storage might not answer now.
            if self.was_written_off.load(Ordering::Relaxed) && Arc::strong_count(self) > 1 {
                return Ok(self.only_reads());
            }
            let is_tidy = self.only_reads() || self.remove_empty_folders(data)?;
            if Arc::strong_count(self) > 1 {
                return Ok(is_tidy);
            }
            if !is_tidy || self.library.has_left_of(self.job) {
                untidy.note(self.job);
            } else if !untidy.has(self.job) {
                data.forget_untidy(self.job)?;
            }
            Ok(is_tidy)
        })();
        tidied.unwrap_or_else(|error: io::Error| {
            tracing::warn!(job.id = %self.job, %error, "what a job has left in the library might stay until the next start");
            true
        })
    }

    /// Notes the file at which the storage reported an error.
    pub(in crate::engine) fn note_unreadable(&self, path: &RelPath) {
        *self.unreadable.lock() = Some(path.clone());
    }

    /// Whether the file at which the storage last reported an error can be read now, as far as that is known. Blocking.
    pub(in crate::engine) fn reads_again(&self) -> bool {
        let path = self.unreadable.lock().clone();
        path.is_none_or(|path| self.library.reads(&path, TRIAL_READ_BYTES))
    }
}
