//! Shortages as they concern one job.

use std::time::Duration;

use super::ShortageCheck;
use crate::engine::ActiveJob;
use headway_model::{PauseReason, RelPath};
use headway_recipes::Failure;

impl ShortageCheck {
    /// Fails if an item of this job with these files cannot begin at present. Blocking: the disks of the files are
    /// inspected.
    pub(in crate::engine) fn check(
        &self,
        active: &ActiveJob,
        writes: bool,
        files: &[(RelPath, bool)],
    ) -> Result<(), Failure> {
        if !active.is_same_library() || !files.iter().all(|(path, _)| active.has_its_disk(path)) {
            return Err(Failure::Environment(PauseReason::LibraryGone));
        }
        match self.short(writes.then_some(&*active.library)) {
            Some(reason) => Err(Failure::Environment(reason)),
            None => Ok(()),
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
        let library = active.map(|active| &*active.library);
        match reason {
            PauseReason::User | PauseReason::Interrupted | PauseReason::Stuck => false,
            PauseReason::LibraryGone | PauseReason::StorageSilent => there(),
            PauseReason::ReadOnly => {
                // An unknown state counts as not eased.
                there() && library.is_none_or(|library| matches!(library.is_writable(), Ok(true)))
            }
            PauseReason::StorageErrors => there() && active.is_none_or(ActiveJob::reads_again),
            PauseReason::TooManyOpenFiles => std::fs::File::open("/proc/self/stat").is_ok(),
            // A thread counts against the same limits as a process.
            PauseReason::TooManyProcesses => {
                std::thread::Builder::new().name("try".into()).spawn(|| {}).is_ok_and(|thread| thread.join().is_ok())
            }
            PauseReason::DiskFull | PauseReason::MemoryLow => self.short(library).is_none(),
        }
    }
}
