//! Examinations of what the last process left of a job on the disk. Storage might not answer: then the job waits, and the next try
//! waits for the same examination, because two at once would get in each other's way.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::died;
use headway_files::Verdict;
use headway_model::{JobId, PauseReason};
use headway_recipes::Unable;

/// How far placements got, by item, with the output's details as JSON if done.
pub(super) type Placed = BTreeMap<u32, (Verdict, Option<String>)>;

/// How long a job waits for its examination before it is paused.
const PATIENCE: Duration = Duration::from_secs(5);

/// The examinations that nobody waits for at present. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Examinations {
    patience: Duration,
    late: Arc<Mutex<HashMap<JobId, JoinHandle<Placed>>>>,
}

impl Default for Examinations {
    fn default() -> Self {
        Examinations { patience: PATIENCE, late: Arc::default() }
    }
}

impl Examinations {
    /// The result of `look`, or of the job's earlier examination if that is still under way or nobody has heard its result.
    pub(super) async fn examine(
        &self,
        handle: &Handle,
        job: JobId,
        look: impl FnOnce() -> Placed + Send + 'static,
    ) -> Result<Placed, Unable> {
        let earlier = self.late().remove(&job);
        let mut under_way = earlier.unwrap_or_else(|| handle.spawn_blocking(look));
        match tokio::time::timeout(self.patience, &mut under_way).await {
            Ok(looked) => looked.map_err(|error| Unable::Failed(died(error))),
            Err(_) => {
                self.late().insert(job, under_way);
                Err(Unable::Environment(PauseReason::StorageSilent))
            }
        }
    }

    /// Whether one of this job has not ended yet.
    pub(super) fn is_under_way(&self, job: JobId) -> bool {
        self.late().get(&job).is_some_and(|under_way| !under_way.is_finished())
    }

    /// The job is over.
    pub(super) fn forget(&self, job: JobId) {
        self.late().remove(&job);
    }

    fn late(&self) -> MutexGuard<'_, HashMap<JobId, JoinHandle<Placed>>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;
    use std::sync::mpsc::channel;

    #[tokio::test]
    async fn a_job_is_examined_by_one_thread_however_long_that_takes() {
        let mut examinations = Examinations { patience: Duration::from_millis(20), ..Examinations::default() };
        let (handle, job) = (Handle::current(), job_id(1));
        let (release, held) = channel::<()>();
        let first = move || {
            held.recv().ok();
            Placed::from([(7, (Verdict::TakenBack, None))])
        };
        let silent = Err(Unable::Environment(PauseReason::StorageSilent));
        assert_eq!(examinations.examine(&handle, job, first).await, silent);
        assert!(examinations.is_under_way(job));
        assert_eq!(examinations.examine(&handle, job, || panic!("no second one")).await, silent);
        drop(release);
        examinations.patience = PATIENCE;
        let looked = examinations.examine(&handle, job, || panic!("no second one")).await;
        assert_eq!(looked.map(|placed| placed.len()), Ok(1));
        assert!(!examinations.is_under_way(job));
    }
}
