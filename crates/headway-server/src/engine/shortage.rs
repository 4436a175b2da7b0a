//! Checks disk and memory before each item, so that a shortage pauses the job instead of failing files.

mod of_job;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use headway_files::{Library, free_bytes, memory_available};
use headway_model::PauseReason;

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

    /// The resource that is short, if any: memory, the data folder's disk, or that of the library.
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
