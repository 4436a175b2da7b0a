//! Checks disk and memory before each item, so that a shortage pauses the job instead of failing files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::ActiveJob;
use headway_files::{Library, free_bytes, memory_available};
use headway_model::PauseReason;
use headway_recipes::Failure;

/// How long a result is cached.
const CACHED_FOR: Duration = Duration::from_millis(100);

/// How much must be free. 0 turns a check off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// Bytes on the disk of a library into which a job writes, and on that of the data folder.
    pub disk: u64,
    /// Bytes of memory.
    pub memory: u64,
}

/// Checks free disk space and memory. Cheap.
pub(crate) struct ShortageCheck {
    floor: Floor,
    data: PathBuf,
    data_short: Mutex<Option<(Instant, bool)>>,
    memory_short: Mutex<Option<(Instant, bool)>>,
}

impl ShortageCheck {
    /// How much must be free.
    pub(crate) fn floor(&self) -> Floor {
        self.floor
    }

    pub(crate) fn new(floor: Floor, data: PathBuf) -> Self {
        ShortageCheck { floor, data, data_short: Mutex::default(), memory_short: Mutex::default() }
    }

    /// Fails if an item of this job cannot begin at present.
    pub(super) fn check(&self, active: &ActiveJob, writes: bool) -> Result<(), Failure> {
        if !active.is_same_library() {
            return Err(Failure::Environment(PauseReason::LibraryGone));
        }
        match self.short(writes.then_some(&*active.library)) {
            Some(reason) => Err(Failure::Environment(reason)),
            None => Ok(()),
        }
    }

    /// What is short, if anything: memory, the data folder's disk, or that of the library.
    pub(super) fn short(&self, library: Option<&Library>) -> Option<PauseReason> {
        if cached(&self.memory_short, || memory_available().is_some_and(|bytes| bytes < self.floor.memory)) {
            return Some(PauseReason::MemoryLow);
        }
        if self.is_data_short() {
            return Some(PauseReason::DiskFull);
        }
        // A file system that is mounted over the library, or a folder in its place, says nothing about its disk.
        let library = library.filter(|library| self.is_full(&library.path))?;
        Some(library.reach().err().unwrap_or(PauseReason::DiskFull))
    }

    /// Whether the reason for a pause has passed.
    pub(super) fn has_eased(&self, reason: PauseReason, active: Option<&ActiveJob>) -> bool {
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

    /// Whether the disk of the data folder is short.
    pub(super) fn is_data_short(&self) -> bool {
        cached(&self.data_short, || self.is_full(&self.data))
    }

    fn is_full(&self, path: &Path) -> bool {
        free_bytes(path).is_some_and(|bytes| bytes < self.floor.disk)
    }
}

fn cached(slot: &Mutex<Option<(Instant, bool)>>, look: impl FnOnce() -> bool) -> bool {
    let mut slot = slot.lock();
    match *slot {
        Some((at, found)) if at.elapsed() < CACHED_FOR => found,
        _ => {
            let found = look();
            *slot = Some((Instant::now(), found));
            found
        }
    }
}
