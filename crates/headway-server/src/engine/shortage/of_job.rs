//! Shortages as they concern one job.

use std::time::Duration;

use super::ShortageCheck;
use super::room::TooLittleRoom;
use crate::engine::ActiveJob;
use headway_model::{PauseReason, RelPath};
use headway_recipes::Failure;

impl ShortageCheck {
    /// Fails if an item of this job with these files cannot begin at present. `output` is the file that it is to write. Blocking: the
    /// disks of the files are inspected.
    pub(in crate::engine) fn check(
        &self,
        active: &ActiveJob,
        output: Option<&RelPath>,
        files: &[(RelPath, bool)],
    ) -> Result<(), Failure> {
        if !active.is_same_library() || !files.iter().all(|(path, _)| active.has_its_disk(path)) {
            return Err(Failure::Environment(PauseReason::LibraryGone));
        }
        if let Some(reason) = self.short() {
            return Err(Failure::Environment(reason));
        }
        let folder = output.map(|output| active.library.absolute(&output.parent().unwrap_or_default()));
        let Some(full) = folder.and_then(|folder| TooLittleRoom::of(&folder, self.floor.disk)) else { return Ok(()) };
        // A file system that is mounted over the library, or a folder in its place, says nothing about its disk.
        active.library.reach().map_err(Failure::Environment)?;
        self.full.lock().insert(active.job, full);
        Err(Failure::Environment(PauseReason::DiskFull))
    }

    /// Whether the disk on which the job found too little room has enough now. If no such disk is known, that of the library
    /// counts for a job that writes.
    fn has_room(&self, active: &ActiveJob) -> bool {
        let noted = self.full.lock().get(&active.job).map(|full| full.folder.clone());
        let own = || (!active.only_reads()).then(|| active.library.path.clone());
        match noted.or_else(own).and_then(|folder| TooLittleRoom::of(&folder, self.floor.disk)) {
            Some(full) => {
                self.full.lock().insert(active.job, full);
                false
            }
            None => {
                self.full.lock().remove(&active.job);
                true
            }
        }
    }

    /// Whether the reason for a pause has passed. An inspection that finds the reason unchanged keeps no disk busy:
    /// its owner can unmount it.
    pub(in crate::engine) fn has_eased(&self, reason: PauseReason, active: Option<&ActiveJob>) -> bool {
        let has_eased = self.is_over(reason, active);
        if let Some(active) = active.filter(|_| !has_eased) {
            active.library.let_go(Duration::ZERO);
        }
        has_eased
    }

    fn is_over(&self, reason: PauseReason, active: Option<&ActiveJob>) -> bool {
        let there = || active.is_none_or(ActiveJob::has_library);
        match reason {
            PauseReason::User | PauseReason::Interrupted | PauseReason::Stuck => false,
            PauseReason::LibraryGone | PauseReason::StorageSilent => there(),
            PauseReason::ReadOnly => {
                // An unknown state counts as not eased.
                there() && active.is_none_or(|active| matches!(active.library.is_writable(), Ok(true)))
            }
            PauseReason::StorageErrors => there() && active.is_none_or(ActiveJob::reads_again),
            PauseReason::TooManyOpenFiles => std::fs::File::open("/proc/self/stat").is_ok(),
            // A thread counts against the same limits as a process.
            PauseReason::TooManyProcesses => {
                std::thread::Builder::new().name("try".into()).spawn(|| {}).is_ok_and(|thread| thread.join().is_ok())
            }
            PauseReason::DiskFull | PauseReason::MemoryLow => {
                self.short().is_none() && active.is_none_or(|active| self.has_room(active))
            }
        }
    }
}
