//! Checks disk and memory before each item, so that a shortage pauses the job instead of failing files.

mod of_job;
mod room;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use headway_files::memory_available;
use headway_model::{JobId, PauseReason};
use room::TooLittleRoom;

/// How long a result is cached.
const CACHED_FOR: Duration = Duration::from_millis(100);

/// How much must be free. 0 turns a check off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// Bytes on the disk of a folder into which a job writes, or 5 % of that disk if that is less; and bytes on the disk of the data
    /// folder, however small that is.
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
    /// The disks on which jobs found too little room.
    full: Mutex<HashMap<JobId, TooLittleRoom>>,
}

impl ShortageCheck {
    /// How much must be free.
    pub(crate) fn floor(&self) -> Floor {
        self.floor
    }

    pub(crate) fn new(floor: Floor, data: PathBuf) -> Self {
        let (data_short, memory_short) = (Mutex::default(), Mutex::default());
        ShortageCheck { floor, data, data_short, memory_short, full: Mutex::default() }
    }

    /// What every job needs and is short, if anything: memory, or the data folder's disk.
    pub(super) fn short(&self) -> Option<PauseReason> {
        if cached(&self.memory_short, || memory_available().is_some_and(|bytes| bytes < self.floor.memory)) {
            return Some(PauseReason::MemoryLow);
        }
        self.is_data_short().then_some(PauseReason::DiskFull)
    }

    /// Whether the disk of the data folder is short.
    pub(super) fn is_data_short(&self) -> bool {
        cached(&self.data_short, || self.data_room().is_some())
    }

    fn data_room(&self) -> Option<TooLittleRoom> {
        TooLittleRoom::of_data(&self.data, self.floor.disk)
    }

    /// Which disk is full for a job that is paused because of that, as far as that is known; for a person.
    pub(crate) fn why_full(&self, job: JobId) -> Option<String> {
        let room = self.data_room().or_else(|| self.full.lock().get(&job).cloned())?;
        Some(room.text())
    }

    /// Forgets a job that is over.
    pub(super) fn forget(&self, job: JobId) {
        self.full.lock().remove(&job);
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
