//! What a job's library was when the job was planned, and whether it still is that.

use parking_lot::Mutex;

use headway_files::{DataFolder, Identity, Library, environment};
use headway_model::{JobId, PauseReason};

/// The file system that a job was planned on, and how often a person had accepted another one by then.
pub(super) struct PlannedRoot(Mutex<(Option<Identity>, u64)>);

impl PlannedRoot {
    /// What the data folder has noted for this job, or else what is there now.
    pub(super) fn of(job: JobId, library: &Library, data: &DataFolder) -> Self {
        let now = library.identity();
        PlannedRoot(Mutex::new(data.ground(&job).map_or(now, |planned| (Some(planned), now.1))))
    }

    /// Takes what is at the library's path now, and returns it, to be kept in the data folder. Blocking.
    pub(super) fn settle(&self, library: &Library) -> Result<Option<Identity>, PauseReason> {
        library.look_again()?;
        library.note_mounts().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
        let now = library.identity();
        *self.0.lock() = now;
        Ok(now.0)
    }

    /// Whether the library still is what it was for this job, or a person has accepted what is there now.
    pub(super) fn is_same(&self, library: &Library) -> bool {
        let (now, mut ground) = (library.identity(), self.0.lock());
        if ground.0.is_none() || now.1 != ground.1 {
            *ground = now;
        }
        now == *ground
    }
}
