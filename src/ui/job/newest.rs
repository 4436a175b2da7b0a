//! A job as it was last read. More than one call can be under way, and answers come in any order: an older one never takes the place of a
//! newer one. What is on the disk has no place in the log by which answers could be told apart, so of calls that overlap the later
//! answer is of no use, and the job is read again.

use leptos::prelude::*;

use crate::api;
use headway_model::ApiError;
use headway_model::summary::JobView;

/// What the newest answer says. Copy it freely.
#[derive(Clone, Copy)]
pub(super) struct Newest {
    view: RwSignal<JobView>,
    answers: StoredValue<u32>,
}

impl Newest {
    /// As the page was made.
    pub(super) fn new(view: JobView) -> Self {
        Newest { view: RwSignal::new(view), answers: StoredValue::new(0) }
    }

    /// The job.
    pub(super) fn view(self) -> Signal<JobView> {
        self.view.into()
    }

    /// Makes a call and takes in what it answers. The page can be gone by then.
    pub(super) async fn take(self, call: impl Future<Output = Result<JobView, ApiError>>) -> Result<(), ApiError> {
        let mut before = self.answers.try_get_value();
        let mut read = call.await?;
        // Gone with the page, both say nothing.
        while self.answers.try_get_value() != before {
            before = self.answers.try_get_value();
            read = api::job(read.summary.job).await?;
        }
        self.answers.try_update_value(|answers| *answers = answers.wrapping_add(1));
        self.view.try_set(read);
        Ok(())
    }
}
