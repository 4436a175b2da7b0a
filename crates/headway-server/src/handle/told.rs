//! What each paused job was last reported to wait for. *Resume* accepts that, and nothing that happened to the disks since.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::lacking_disks::LackingDisks;
use headway_model::JobId;

/// The disks that each job was last reported to lack. The next server knows nothing of them: if nobody has looked at the job
/// there, the first *Resume* is answered with what the job lacks.
#[derive(Default)]
pub(super) struct ToldDisks(Mutex<HashMap<JobId, LackingDisks>>);

impl ToldDisks {
    /// Notes which disks a job lacks while it waits for its library, as a person is told.
    pub(super) fn note(&self, job: JobId, disks: LackingDisks) {
        self.0.lock().insert(job, disks);
    }

    /// What the job was last reported to lack, if anybody looked at it since it was last resumed.
    pub(super) fn of(&self, job: JobId) -> Option<LackingDisks> {
        self.0.lock().get(&job).cloned()
    }

    /// The job is over, or goes on with what was reported.
    pub(super) fn forget(&self, job: JobId) {
        self.0.lock().remove(&job);
    }
}
