//! What failed when the environment paused a job, in words. Working state of this process, for people; the log has the reason.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use headway_model::{JobId, PauseReason};

/// The notes of all jobs. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct PauseNotes(Arc<Mutex<HashMap<JobId, (PauseReason, String)>>>);

impl PauseNotes {
    /// Notes which call last failed for this reason: what was to be done, to what, and the system's error.
    pub(super) fn note(&self, job: JobId, reason: PauseReason, why: String) {
        self.0.lock().insert(job, (reason, why));
    }

    /// Forgets it, as the job is over, or is paused for a reason that no call gave.
    pub(super) fn forget(&self, job: JobId) {
        self.0.lock().remove(&job);
    }

    /// Which call last failed for the reason for which the job is paused, as far as that is known; for a person.
    pub(crate) fn why(&self, job: JobId, reason: PauseReason) -> Option<String> {
        let notes = self.0.lock();
        let (_, why) = notes.get(&job).filter(|(noted, _)| *noted == reason)?;
        Some(format!("What failed last: {why}. The job is tried again automatically."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;

    #[test]
    fn what_failed_is_told_only_of_the_reason_that_it_gave() {
        let (notes, job) = (PauseNotes::default(), job_id(1));
        notes.note(job, PauseReason::LibraryGone, "a.jpg: reading: Stale file handle".to_owned());
        let why = notes.why(job, PauseReason::LibraryGone);
        assert!(why.is_some_and(|why| why.starts_with("What failed last: a.jpg: reading: Stale file handle. ")));
        assert_eq!(notes.why(job, PauseReason::DiskFull), None);
        assert_eq!(notes.why(job_id(2), PauseReason::LibraryGone), None);
        notes.forget(job);
        assert_eq!(notes.why(job, PauseReason::LibraryGone), None);
    }
}
