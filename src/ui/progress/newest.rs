//! The newest answer about a job. Several calls can be under way, and answers arrive in any order, but an older one
//! never replaces a newer one. Facts from the disk have no position in the log, which could order the answers, so
//! if calls overlap, the later answer is dropped and the job is read again.

use std::time::Duration;

use leptos::prelude::*;

use super::summary::{Summary, still};
use crate::api;
use crate::live::Live;
use headway_model::status::PauseReason;
use headway_model::summary::{JobView, LiveRetry};
use headway_model::{ApiError, JobId, JobStatus};

/// How often a job that waits is read again, in milliseconds.
const WAITING_MS: u64 = 3_000;

/// How long to wait before a read that failed is repeated.
const AGAIN: Duration = Duration::from_secs(3);

/// The newest answer. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Newest {
    /// The job.
    pub(in crate::ui) job: JobId,
    view: RwSignal<Option<JobView>>,
    answers: StoredValue<u32>,
}

impl Newest {
    /// Begins with what the page was rendered with; `None` if nothing has been read yet.
    pub(in crate::ui) fn new(job: JobId, view: Option<JobView>) -> Self {
        Newest { job, view: RwSignal::new(view), answers: StoredValue::new(0) }
    }

    /// Looks at the answer, if there is one. Tracked.
    pub(in crate::ui) fn with<T>(self, look: impl FnOnce(&JobView) -> T) -> Option<T> {
        self.view.with(|view| view.as_ref().map(look))
    }

    /// Looks at the answer, if there is one. Not tracked.
    pub(in crate::ui) fn with_untracked<T>(self, look: impl FnOnce(&JobView) -> T) -> Option<T> {
        self.view.with_untracked(|view| view.as_ref().map(look))
    }

    /// The live job that runs all of these items again, which failed, or (without `have_failed`) failed or were missed. Tracked.
    pub(in crate::ui) fn retried_in(self, items: &[u32], have_failed: bool) -> Option<LiveRetry> {
        let has_all = |retry: &&LiveRetry| items.iter().all(|item| retry.which.takes_error(*item, have_failed));
        let find = |view: &JobView| view.retrying.iter().find(has_all).filter(|_| !items.is_empty()).cloned();
        self.with(find).flatten()
    }

    /// Reads the job again when its status changes and while it waits, because the stream does not say what the job waits for; and
    /// when another job appears or ends, because that job might have undone it. If reading fails, the old answer stays, and it is tried
    /// again.
    pub(in crate::ui) fn follow(self, summary: Summary) {
        let live = expect_context::<Live>();
        let status = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(|summary| summary.status)));
        let still = still(move || vec![self.job]);
        let waited = Memo::new(move |_| {
            let is_still = still.with(|still| !still.is_empty());
            let waits = status.get().is_some_and(|status| is_still || waits(&status));
            waits.then(|| live.clock.get() / WAITING_MS)
        });
        let (newest, again) = (live.newest_job(), RwSignal::new(0_u32));
        Effect::new(move |before: Option<()>| {
            // Read it rather than only track it, because a memo that has never been read tracks nothing.
            let _ = (newest.get(), live.ended.get(), waited.get(), again.get());
            let is_there = status.get().is_some();
            let is_read = before.is_none() && self.view.with_untracked(Option::is_some);
            if is_there && !is_read {
                leptos::task::spawn_local(async move {
                    if let Err(error) = self.take(api::job(self.job)).await
                        && error.may_pass()
                    {
                        set_timeout(move || _ = again.try_update(|again| *again = again.wrapping_add(1)), AGAIN);
                    }
                });
            }
        });
    }

    /// Makes a call and takes in its answer. The page might be gone by then.
    pub(in crate::ui) async fn take(
        self,
        call: impl Future<Output = Result<JobView, ApiError>>,
    ) -> Result<(), ApiError> {
        let mut before = self.answers.try_get_value();
        let mut read = call.await?;
        // If the page is gone, both are `None`.
        while self.answers.try_get_value() != before {
            before = self.answers.try_get_value();
            read = api::job(read.summary.job).await?;
        }
        self.answers.try_update_value(|answers| *answers = answers.wrapping_add(1));
        self.view.try_set(Some(read));
        Ok(())
    }
}

/// Whether a job with this status waits for something that can change without an event.
fn waits(status: &JobStatus) -> bool {
    matches!(status, JobStatus::Planning | JobStatus::Queued | JobStatus::Paused { reason: PauseReason::LibraryGone })
}
