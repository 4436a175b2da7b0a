//! Which jobs run, or have run, files of this one again.

use leptos::prelude::*;

use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format::{count, counted};
use crate::ui::progress::Newest;
use headway_model::{JobKind, JobSummary, StartJob};

/// What became of the files, in a few words.
fn outcome(retry: &JobSummary) -> String {
    let counters = &retry.counters;
    let left = [(counters.failed, "failed"), (counters.missed, "missed"), (counters.cancelled, "not run")];
    let left = left.into_iter().filter(|(number, _)| *number > 0);
    let left = left.map(|(number, word)| format!(", {} {word}", count(number.into()))).collect::<String>();
    let all = counted(counters.total, "file", "files");
    format!(": {} of {all} done{left}", count(counters.succeeded.into()))
}

/// What the job does with the earlier job that it is about, and that job's name, as far as its own title says it.
fn about(summary: &JobSummary) -> (String, String) {
    let title = summary.title.as_str();
    let (does, of) = match JobKind::of(&summary.recipe) {
        JobKind::Undo if title.starts_with(JobKind::REDO_TITLE) => ("Takes back ".to_owned(), Some("an undo")),
        JobKind::Undo => ("Undoes ".to_owned(), title.strip_prefix(JobKind::UNDO_TITLE)),
        JobKind::Recipe => {
            // What the plan leaves out does not run again, and until everything is listed, the number is not known.
            let files = match summary.counters.work().1 {
                number if number > 0 && !summary.listing => counted(number, "file", "files"),
                _ => "files".to_owned(),
            };
            let of = title.strip_prefix(StartJob::AGAIN);
            (format!("{} {files} of ", if of.is_some() { "Retries" } else { "Works on" }), of)
        }
    };
    (does, of.unwrap_or("an earlier job").to_owned())
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
    let parent =
        Memo::new(move |_| newest.with(|view| Some((about(&view.summary), view.request.as_ref()?.parent?))).flatten());
    let of = move || {
        let ((does, title), parent) = parent.get()?;
        let there = to(&format!("/jobs/{parent}"));
        Some(view! { <p class="head-parent">{does} <a href=there>{title}</a></p> })
    };
    view! {
        {of}
        {move || retries.get().into_iter().map(line).collect_view()}
    }
}

#[cfg(test)]
mod tests {
    use super::{about, outcome};
    use headway_model::testing::summary;
    use headway_model::{Counters, JobKind, JobStatus, JobSummary};

    #[test]
    fn a_job_about_another_one_names_it_if_its_title_does() {
        let said = |recipe: &str, title: &str, listing| {
            let counters = Counters { total: 40, skipped_in_plan: 3, ..Counters::default() };
            let summary = summary(JobStatus::Processing, counters);
            let (does, of) = about(&JobSummary { recipe: recipe.into(), title: title.into(), listing, ..summary });
            format!("{does}{of}")
        };
        assert_eq!(said(JobKind::UNDO, "Undo: Repack · comics", false), "Undoes Repack · comics");
        assert_eq!(said(JobKind::UNDO, "Redo: Repack · comics", false), "Takes back an undo");
        assert_eq!(said("repack", "Again: Repack · comics", false), "Retries 37 files of Repack · comics");
        assert_eq!(said("repack", "Again: Repack · comics", true), "Retries files of Repack · comics");
        assert_eq!(said("verify", "Verify · what failed", false), "Works on 37 files of an earlier job");
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
