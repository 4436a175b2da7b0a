//! Jobs whose temporary files could not be removed, because their disk was not there or for another reason. They are looked
//! for again once the job is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use headway_model::JobId;

/// The shortest time between two looks for the files of a job.
pub(super) const REST: Duration = Duration::from_secs(5);

/// The jobs, each with the time of the next look and the rest before it. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct UntidyJobs(Arc<Mutex<BTreeMap<JobId, (Instant, Duration)>>>);

impl UntidyJobs {
    /// Notes a job. Returns whether it was not noted before.
    pub(super) fn note(&self, job: JobId) -> bool {
        let mut jobs = self.0.lock();
        let is_new = !jobs.contains_key(&job);
        jobs.entry(job).or_insert_with(|| (Instant::now() + REST, REST));
        is_new
    }

    /// Whether the files of a job must be looked for again.
    pub(super) fn has(&self, job: JobId) -> bool {
        self.0.lock().contains_key(&job)
    }

    /// The jobs whose next look is due.
    pub(super) fn due(&self) -> Vec<JobId> {
        let now = Instant::now();
        self.0.lock().iter().filter(|(_, (at, _))| *at <= now).map(|(job, _)| *job).collect()
    }

    /// Puts the next look for the files of a job off: for twice as long as the last time, and for `longest` at most.
    pub(super) fn put_off(&self, job: JobId, longest: Duration) {
        if let Some((at, rest)) = self.0.lock().get_mut(&job) {
            *rest = (*rest * 2).min(longest);
            *at = Instant::now() + *rest;
        }
    }

    /// Forgets a job that has left nothing.
    pub(super) fn forget(&self, job: JobId) {
        self.0.lock().remove(&job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_looked_at_again_after_a_rest_until_nothing_is_left_of_it() {
        let (jobs, job) = (UntidyJobs::default(), JobId::mint(1, [1; 10]));
        assert!(jobs.note(job) && !jobs.note(job) && jobs.has(job));
        assert!(jobs.due().is_empty(), "it rests first");
        jobs.put_off(job, Duration::ZERO);
        assert_eq!(jobs.due(), [job]);
        jobs.put_off(job, REST);
        jobs.forget(job);
        jobs.put_off(job, Duration::ZERO);
        assert!(jobs.due().is_empty() && !jobs.has(job));
    }
}
