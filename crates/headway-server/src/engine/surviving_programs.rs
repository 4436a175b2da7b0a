//! Jobs whose programs might still be alive after the server that started them was killed. A program cannot be killed while it waits
//! for storage that does not answer.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use headway_guard::{attempts_left, end_attempts};
use headway_model::JobId;

/// The jobs whose programs might still be alive. Until the programs are gone, no item of such a job must run, and
/// nothing that the job left must be inspected. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct SurvivingPrograms(Arc<Mutex<HashSet<JobId>>>);

impl SurvivingPrograms {
    /// Ends the programs that attempts of these jobs left running, and remembers the jobs whose programs could not be
    /// ended. Blocking, for a few seconds at most.
    pub(crate) fn end(&self, jobs: &[JobId]) {
        if jobs.is_empty() || end_attempts(|attempt| jobs.iter().any(|job| is_of(*job, attempt))) {
            return;
        }
        self.jobs().extend(jobs);
        for job in jobs {
            if self.has(*job) {
                tracing::warn!(job.id = %job, "a command of the last run cannot be killed, as it waits for storage; its job waits for it");
            }
        }
    }

    /// Whether any of a job's programs is left. Blocking.
    pub(super) fn has(&self, job: JobId) -> bool {
        if !self.jobs().contains(&job) {
            return false;
        }
        // While that is unknown, there might be some.
        let has = attempts_left(|attempt| is_of(job, attempt)).map_or(true, |left| !left.is_empty());
        if !has {
            self.jobs().remove(&job);
        }
        has
    }

    fn jobs(&self) -> MutexGuard<'_, HashSet<JobId>> {
        self.0.lock()
    }
}

fn is_of(job: JobId, attempt: &str) -> bool {
    attempt.starts_with(&job.to_string())
}
