//! A job as it was last read. More than one call can be under way, and answers come in any order: an older one never takes the place of a
//! newer one. What is on the disk has no place in the log by which answers could be told apart, so of calls that overlap the later
//! answer is of no use, and the job is read again.

use leptos::prelude::*;

use super::Summary;
use crate::api;
use crate::ui::live::Live;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId};

/// What the newest answer says. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Newest {
    /// The job.
    pub(in crate::ui) job: JobId,
    view: RwSignal<Option<JobView>>,
    answers: StoredValue<u32>,
}

impl Newest {
    /// As the page was made; `None` where nothing was read yet.
    pub(in crate::ui) fn new(job: JobId, view: Option<JobView>) -> Self {
        Newest { job, view: RwSignal::new(view), answers: StoredValue::new(0) }
    }

    /// Looks into what was read, if anything was; tracked.
    pub(in crate::ui) fn with<T>(self, look: impl FnOnce(&JobView) -> T) -> Option<T> {
        self.view.with(|view| view.as_ref().map(look))
    }

    /// The same, untracked.
    pub(in crate::ui) fn with_untracked<T>(self, look: impl FnOnce(&JobView) -> T) -> Option<T> {
        self.view.with_untracked(|view| view.as_ref().map(look))
    }

    /// Reads the job again when its status changes, as the stream does not say what it waits for; and when another job appears or
    /// ends, as that one might have undone it.
    pub(in crate::ui) fn follow(self, summary: Summary) {
        let live = expect_context::<Live>();
        let status = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(|summary| summary.status)));
        let newest = Memo::new(move |_| live.jobs.with(|jobs| jobs.keys().next_back().copied()));
        Effect::new(move |before: Option<()>| {
            // Read, not only tracked: a memo that nobody has read tracks nothing yet.
            let _ = (newest.get(), live.ended.get());
            let is_there = status.get().is_some();
            let is_read = before.is_none() && self.view.with_untracked(Option::is_some);
            if is_there && !is_read {
                leptos::task::spawn_local(async move {
                    // What was read stays if it cannot be read again; the counts come over the stream.
                    drop(self.take(api::job(self.job)).await);
                });
            }
        });
    }

    /// Makes a call and takes in what it answers. The page can be gone by then.
    pub(in crate::ui) async fn take(
        self,
        call: impl Future<Output = Result<JobView, ApiError>>,
    ) -> Result<(), ApiError> {
        let mut before = self.answers.try_get_value();
        let mut read = call.await?;
        // Gone with the page, both say nothing.
        while self.answers.try_get_value() != before {
            before = self.answers.try_get_value();
            read = api::job(read.summary.job).await?;
        }
        self.answers.try_update_value(|answers| *answers = answers.wrapping_add(1));
        self.view.try_set(Some(read));
        Ok(())
    }
}
