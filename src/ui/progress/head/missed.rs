//! Files that were missed: asked for, and not processed.

use leptos::prelude::*;

use super::Summary;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::{SkippedFor, format, skip_reasons};
use headway_model::{BuiltIn, Fold, ItemStatus, JobId, JobStatus, JobSummary};

/// The sentence with which a test ends that missed files: it names them, so it stands in place of their number.
pub(super) fn told(summary: &JobSummary) -> Option<&String> {
    summary.message.as_ref().filter(|text| is_test(summary) && summary.counters.missed > 0 && !text.is_empty())
}

/// Whether a manifest named the files, and not a person.
fn is_test(summary: &JobSummary) -> bool {
    BuiltIn::of(&summary.recipe) == Some(BuiltIn::Verify)
}

/// How many files were missed, and for each reason a link to those files; nothing if there are none, and for a plan, which says so
/// itself.
#[component]
pub(super) fn Missed(job: JobId, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let missed = Memo::new(move |_| {
        let is_shown = |summary: &&JobSummary| summary.status != JobStatus::Planned;
        let shown = |summary: &JobSummary| summary.counters.missed;
        summary.with(|summary| summary.as_ref().filter(is_shown).map(shown).unwrap_or_default())
    });
    let heard = live.job(job);
    // The reasons are in the fold, which a page has once it follows the job.
    let by_reason = Memo::new(move |_| {
        let _ = heard.get();
        let reasons = |fold: &Fold| skip_reasons(fold, ItemStatus::is_missed);
        if missed.get() == 0 { Vec::new() } else { live.with_fold(job, reasons).unwrap_or_default() }
    });
    let said =
        Memo::new(move |_| summary.with(|summary| summary.as_ref().and_then(told).map(|text| format::sentence(text))));
    let why = move || match summary.with(|summary| summary.as_ref().is_some_and(is_test)) {
        _ if said.with(Option::is_some) => "",
        true => ": could not be checked.",
        false => ": asked for, and could not be processed.",
    };
    let text = move || match (said.get(), missed.get()) {
        (Some(said), _) => said,
        (None, number) => format::counted(number, "file was missed", "files were missed"),
    };
    // At the moment of the job that is shown.
    let at = move || live.past_of(job).map(|moment| format!("&at={}", moment.seq())).unwrap_or_default();
    let door = move |(number, reason, text): SkippedFor| {
        let there = to(&format!("/jobs/{job}?status=missed&cause={}{}#job-files", reason.key(), at()));
        view! {
            <li>
                {format!("{}: {text} ", format::count(number.into()))}
                <a href=there on:click=move |_| live.put_away()>"Show"</a>
            </li>
        }
    };
    view! {
        <Show when=move || { missed.get() > 0 }>
            <div class="head-missed">
                <a href=move || to(&format!("/jobs/{job}?status=missed{}#job-files", at())) on:click=move |_| live.put_away()>{text}</a> {why}
                <ul>{move || by_reason.get().into_iter().map(door).collect_view()}</ul>
            </div>
        </Show>
    }
    .into_any()
}
