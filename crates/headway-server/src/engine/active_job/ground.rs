//! The library root that a job was planned on, and whether the library still has that root.

use parking_lot::Mutex;

use headway_files::{DataFolder, Identity, Library, environment};
use headway_model::{JobId, PauseReason};

/// The file system that a job was planned on, and how often a person had accepted another one by then.
pub(super) struct PlannedRoot(Mutex<(Option<Identity>, u64)>);

impl PlannedRoot {
    /// The root that the data folder has stored for this job, or the present one if none is stored.
    pub(super) fn of(job: JobId, library: &Library, data: &DataFolder) -> Self {
        let now = library.identity();
        PlannedRoot(Mutex::new(data.ground(&job).map_or(now, |planned| (Some(planned), now.1))))
    }

    /// Accepts the present root, and returns its identity for storing in the data folder. Blocking.
    pub(super) fn settle(&self, library: &Library) -> Result<Option<Identity>, PauseReason> {
        library.look_again()?;
        library.note_mounts().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
        let now = library.identity();
        *self.0.lock() = now;
        Ok(now.0)
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one.
    pub(super) fn is_same(&self, library: &Library) -> bool {
        let (now, mut ground) = (library.identity(), self.0.lock());
        if ground.0.is_none() || now.1 != ground.1 {
            *ground = now;
        }
        now == *ground
    }
}
