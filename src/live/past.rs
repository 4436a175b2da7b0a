//! A moment of a job's past, shown instead of its present. The same parts of the page show both.

use std::sync::Arc;

use leptos::prelude::*;

use super::{JobState, Live};
use headway_model::follow::{Phase, Proof};
use headway_model::{Fold, JobId, JobSummary, Millis, Seq};

/// A job after one of its events.
#[derive(Debug, PartialEq)]
pub(crate) struct PastMoment {
    pub(super) fold: Fold,
    pub(super) state: Arc<JobState>,
    /// When that event was recorded.
    pub(crate) at: Millis,
}

impl PastMoment {
    /// The job in the state of this fold.
    pub(crate) fn new(fold: Fold, at: Millis) -> Self {
        let proof = Proof { seq: fold.seq, ..Proof::default() };
        let mut summary = JobSummary::from(&fold);
        // Its time at work does not go on after that event.
        summary.worked.iter_mut().for_each(|worked| worked.since = None);
        let state = JobState { summary, phase: Some(Phase::Following), proof, running: Vec::new() };
        PastMoment { fold, state: Arc::new(state), at }
    }

    /// The number of the event.
    pub(crate) fn seq(&self) -> Seq {
        self.fold.seq
    }

    /// The job's summary at that moment.
    pub(crate) fn summary(&self) -> &JobSummary {
        &self.state.summary
    }

    fn is_of(&self, job: JobId) -> bool {
        self.fold.id == job
    }
}

impl Live {
    /// A copy with a past moment of its own, which only components that receive this copy show.
    pub(crate) fn with_own_past(self) -> Self {
        Live { past: RwSignal::new(None), ..self }
    }

    /// The job at present, whatever moment is shown.
    pub(crate) fn present(self, job: JobId) -> Memo<Option<Arc<JobState>>> {
        Memo::new(move |_| self.jobs.with(|jobs| jobs.get(&job).cloned()))
    }

    /// The past moment of this job that is shown instead of its present.
    pub(crate) fn past_of(self, job: JobId) -> Option<Arc<PastMoment>> {
        // A closure of a page that was left can still be called; then no past is shown.
        self.past.try_with(|past| past.clone().filter(|moment| moment.is_of(job))).flatten()
    }
}
