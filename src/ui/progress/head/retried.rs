//! Which jobs run, or have run, files of this one again, and which earlier job's files this one runs.

use leptos::prelude::*;

use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format::{self, counted};
use crate::ui::progress::Newest;
use headway_model::summary::JobView;
use headway_model::{JobKind, JobSummary, Query};

/// What became of the files, in a few words.
fn outcome(retry: &JobSummary) -> String {
    format!(": {}", format::outcome(&retry.counters))
}

/// What the job does with an earlier job, and that job's title, if it is known. A trial takes files of a plan before that runs.
fn about(summary: &JobSummary, earlier: Option<&JobSummary>, is_trial: bool) -> (String, String) {
    let is_undo = |job: &JobSummary| JobKind::of(&job.recipe) == JobKind::Undo;
    let does = match (is_undo(summary), earlier) {
        (true, Some(earlier)) if is_undo(earlier) => "Takes back ".to_owned(),
        (true, _) => "Undoes ".to_owned(),
        (false, _) => {
            // What the plan leaves out does not run again, and until everything is listed, the number is not known.
            let files = match summary.counters.to_run() {
                number if number > 0 && !summary.listing => counted(number, "file", "files"),
                _ => "files".to_owned(),
            };
            let is_retry = earlier.is_some_and(|earlier| earlier.recipe == summary.recipe);
            let does = match (is_trial, is_retry) {
                (true, true) => "Tries",
                (false, true) => "Retries",
                (_, false) => "Works on",
            };
            format!("{does} {files} of ")
        }
    };
    (does, earlier.map_or_else(|| "an earlier job".to_owned(), |earlier| earlier.title.clone()))
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
    move || retries.get().into_iter().map(line).collect_view()
}

/// A line about the earlier job whose files this one works on, with a link to it.
#[component]
pub(super) fn Earlier(newest: Newest) -> impl IntoView {
    let parent = Memo::new(move |_| {
        let of = |view: &JobView| {
            let request = view.request.as_ref()?;
            let is_trial = request.sample.is_some() && !matches!(request.query, Query::Items(_));
            Some((about(&view.summary, view.earlier.as_ref(), is_trial), request.parent?))
        };
        newest.with(of).flatten()
    });
    move || {
        let ((does, title), parent) = parent.get()?;
        let there = to(&format!("/jobs/{parent}"));
        Some(view! { <p class="head-parent">{does} <a href=there>{title}</a></p> })
    }
}

#[cfg(test)]
mod tests {
    use super::{about, outcome};
    use headway_model::testing::summary;
    use headway_model::{Counters, JobKind, JobStatus, JobSummary};

    #[test]
    fn a_job_about_an_earlier_one_says_what_it_does_and_names_it() {
        let of = |recipe: &str, title: &str| {
            let counters = Counters { total: 40, skipped: 3, skipped_in_plan: 3, ..Counters::default() };
            let summary = summary(JobStatus::Processing, counters);
            JobSummary { recipe: recipe.into(), title: title.into(), listing: false, ..summary }
        };
        let (repack, undo) = (of("repack", "Repack · comics"), of(JobKind::UNDO, "Undo: Repack · comics"));
        let said = |job: &JobSummary, earlier: Option<&JobSummary>| {
            let (does, title) = about(job, earlier, false);
            does + &title
        };
        assert_eq!(said(&undo, Some(&repack)), "Undoes Repack · comics");
        assert_eq!(said(&undo, Some(&undo)), "Takes back Undo: Repack · comics");
        assert_eq!(said(&undo, None), "Undoes an earlier job");
        assert_eq!(said(&repack, Some(&repack)), "Retries 37 files of Repack · comics");
        assert_eq!(about(&repack, Some(&repack), true).0, "Tries 37 files of ");
        let listing = JobSummary { listing: true, ..repack.clone() };
        assert_eq!(said(&listing, Some(&repack)), "Retries files of Repack · comics");
        assert_eq!(said(&of("verify", "Verify"), Some(&repack)), "Works on 37 files of Repack · comics");
    }

    #[test]
    fn the_result_of_a_retry_is_reported_in_numbers() {
        let said = |counters| outcome(&summary(JobStatus::CompletedWithErrors, counters));
        assert_eq!(said(Counters { total: 1, succeeded: 1, ..Counters::default() }), ": 1 of 1 file done");
        let some =
            Counters { total: 5, succeeded: 2, failed: 1, skipped: 1, missed: 1, cancelled: 1, ..Counters::default() };
        assert_eq!(said(some), ": 2 of 5 files done, 1 failed, 1 missed, 1 not run");
    }
}
