//! Starting jobs. There is no other way to start one from a page.

use leptos::prelude::*;

use super::provide::HeadwayContext;
use headway_model::follow::LinkState;
use headway_model::{ApiError, JobId, StartJob};

/// Starts jobs, and knows the one that it started last. Copy it freely.
#[derive(Clone, Copy)]
pub struct UseStart {
    job: RwSignal<Option<JobId>>,
    refused: RwSignal<Option<ApiError>>,
    context: HeadwayContext,
}

/// Why nothing was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoStart {
    /// The page does not listen yet: it is rendered on a server, or has not received the server's first message.
    #[error("the page does not listen yet")]
    NotListening,
    /// The start of this job, which had another request, has not been answered yet.
    #[error("the start of job {0} has not been answered yet")]
    Unanswered(JobId),
}

/// Starts jobs from a component.
///
/// # Panics
///
/// Panics if [`provide_headway`](super::provide_headway) was not called further up.
pub fn use_start() -> UseStart {
    let context = HeadwayContext::here();
    let (job, refused) = (RwSignal::new(None), RwSignal::new(None));
    Effect::new(move |_| {
        let Some(error) = context.live.refused.get() else { return };
        // A job that was refused will never exist.
        if job.get_untracked().is_some() && context.started.get_untracked() == job.get_untracked() {
            refused.set(Some(error));
            job.set(None);
        }
    });
    UseStart { job, refused, context }
}

impl UseStart {
    /// Starts a job and returns its id. The id is minted, [`UseStart::job`] set and the stream opened **before** the call goes out,
    /// all within this function, so that no event of the job can be missed.
    ///
    /// A call that gets no answer is repeated with the same id, even after a reload. While it is unanswered, the same
    /// request again is the same job, and another request is refused here.
    pub fn start(self, request: StartJob) -> Result<JobId, NoStart> {
        let live = self.context.live;
        if !untrack(|| self.is_listening()) {
            return Err(NoStart::NotListening);
        }
        let other = live.starting.with_untracked(|starting| {
            starting.as_ref().filter(|starting| starting.request != request).map(|starting| starting.job)
        });
        if let Some(other) = other {
            return Err(NoStart::Unanswered(other));
        }
        // Nothing can arrive before this function has returned, so the signal is set before the job's first event.
        let job = live.start(request).ok_or(NoStart::NotListening)?;
        self.refused.set(None);
        self.context.started.set(Some(job));
        self.job.set(Some(job));
        Ok(job)
    }

    /// The job that was started here last; `None` if there is none, or if it was refused. Tracked.
    pub fn job(self) -> Option<JobId> {
        self.job.get()
    }

    /// Why the last start was refused. Tracked.
    pub fn refused(self) -> Option<ApiError> {
        self.refused.get()
    }

    /// Whether a start can go out now: the page listens, and no start is unanswered. Tracked; made for the attribute `disabled` of a
    /// button.
    pub fn can_start(self) -> bool {
        self.is_listening() && self.unanswered().is_none()
    }

    /// The job whose start this tab has sent and which has not been answered yet, perhaps from before a reload. Tracked.
    pub fn unanswered(self) -> Option<JobId> {
        self.context.live.starting.with(|starting| starting.as_ref().map(|starting| starting.job))
    }

    /// Repeats the unanswered start at once. After 30 seconds without an answer it is repeated only on demand.
    pub fn start_again(self) {
        self.context.live.start_again();
    }

    /// Whether the server has confirmed the position from which the page listens.
    fn is_listening(self) -> bool {
        let live = self.context.live;
        live.is_ready() && live.link.with(|link| *link != LinkState::Connecting)
    }
}
