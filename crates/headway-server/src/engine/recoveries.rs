//! Recoveries of what the last process left of a job on the disk. Storage might not answer: then the job waits.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::runtime::Handle;

use super::panicked::Panicked;
use super::single_flight::SingleFlight;
use headway_files::PlacementState;
use headway_model::{JobId, PauseReason};
use headway_recipes::Unable;

/// How far placements got, by item, with the output's details as JSON if done.
pub(super) type Placed = BTreeMap<u32, (PlacementState, Option<String>)>;

/// How long a job waits for its recovery before it is paused.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The recoveries, one for each job at a time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Recoveries(SingleFlight<JobId, Result<Placed, PauseReason>>);

impl Default for Recoveries {
    fn default() -> Self {
        Recoveries(SingleFlight::within(RECOVERY_TIMEOUT))
    }
}

impl Recoveries {
    /// The result of `look`, or of the job's earlier recovery if that is still under way or its result has not been
    /// fetched.
    pub(super) async fn recover(
        &self,
        handle: &Handle,
        job: JobId,
        look: impl FnOnce() -> Result<Placed, PauseReason> + Send + 'static,
    ) -> Result<Placed, Unable> {
        match self.0.look(handle, job, look).await {
            Some(looked) => looked.map_err(Panicked::from)?.map_err(Unable::Environment),
            None => Err(Unable::Environment(PauseReason::StorageSilent)),
        }
    }

    /// Whether a recovery of this job has not ended yet.
    pub(super) fn is_under_way(&self, job: JobId) -> bool {
        self.0.is_under_way(&job)
    }

    /// Forgets a job that is over.
    pub(super) fn forget(&self, job: JobId) {
        self.0.forget(&job);
    }
}
