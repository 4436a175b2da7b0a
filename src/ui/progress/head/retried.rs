//! Which jobs run, or have run, files of this one again.

use leptos::prelude::*;

use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format::{count, counted};
use crate::ui::progress::Newest;
use headway_model::JobSummary;

/// What became of the files, in a few words.
fn outcome(retry: &JobSummary) -> String {
    let counters = &retry.counters;
    let left = [(counters.failed, "failed"), (counters.missed, "missed"), (counters.cancelled, "not run")];
    let left = left.into_iter().filter(|(number, _)| *number > 0);
    let left = left.map(|(number, word)| format!(", {} {word}", count(number.into()))).collect::<String>();
    let all = counted(counters.total, "file", "files");
    format!(": {} of {all} done{left}", count(counters.succeeded.into()))
}

/// A line about each of these jobs, with a link to it.
#[component]
pub(super) fn Retried(newest: Newest) -> impl IntoView {
    let live = expect_context::<Live>();
    let retries = Memo::new(move |_| {
        let read = newest.with(|view| view.retries.clone()).unwrap_or_default();
        // Newer information from the stream takes precedence.
        let heard = |job: &JobSummary| live.jobs.with(|jobs| jobs.get(&job.job).map(|state| state.summary.clone()));
        read.into_iter()
            .map(|read| heard(&read).filter(|heard| heard.seq >= read.seq).unwrap_or(read))
            .collect::<Vec<_>>()
    });
    let line = |retry: JobSummary| {
        let by = if retry.status.is_terminal() { "Retried in " } else { "Being retried in " };
        let said = outcome(&retry);
        view! {
            <p class="head-undone head-retried" role="status">
                {by} <a href=to(&format!("/jobs/{}", retry.job))>{retry.title}</a> {said}
            </p>
        }
    };
    // An undo names in its title what it undoes, and the way there is as useful.
    let parent =
        Memo::new(move |_| newest.with(|view| view.request.as_ref().and_then(|request| request.parent)).flatten());
    let of = move || {
        let there = to(&format!("/jobs/{}", parent.get()?));
        Some(view! { <p class="head-parent">"Works on files of " <a href=there>"an earlier job"</a></p> })
    };
    view! {
        {of}
        {move || retries.get().into_iter().map(line).collect_view()}
    }
}

#[cfg(test)]
mod tests {
    use super::outcome;
    use headway_model::testing::summary;
    use headway_model::{Counters, JobStatus};

    #[test]
    fn the_result_of_a_retry_is_reported_in_numbers() {
        let said = |counters| outcome(&summary(JobStatus::CompletedWithErrors, counters));
        assert_eq!(said(Counters { total: 1, succeeded: 1, ..Counters::default() }), ": 1 of 1 file done");
        let some =
            Counters { total: 5, succeeded: 2, failed: 1, skipped: 1, missed: 1, cancelled: 1, ..Counters::default() };
        assert_eq!(said(some), ": 2 of 5 files done, 1 failed, 1 missed, 1 not run");
    }
}
