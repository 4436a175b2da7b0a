//! What needs attention: why files failed, by cause, with links to those files and buttons that run only them again.

mod cause_row;

use leptos::prelude::*;

use super::Steer;
use super::attention::Attention;
use super::head::{ActionPlace, Actions};
use super::summary::{Summary, holds_places, is_over};
use crate::ui::parts::{ErrorView, format};
use cause_row::CauseRow;
use headway_model::JobSummary;
use headway_model::causes::Causes;

/// The causes, most frequent first. On the job's own page, the section has its place as long as the job is live, so that nothing
/// moves when the first file fails.
#[component]
pub(super) fn Failures(
    attention: Attention,
    summary: Summary,
    /// Performs the retry of a live job; its newest answer has the job's request.
    steer: Steer,
    /// Whether the page is hydrated: until then it shows what the server rendered.
    mounted: RwSignal<bool>,
    /// Whether this is the job's own page.
    is_page: bool,
) -> impl IntoView {
    let newest = steer.newest;
    let is_over = is_over(summary);
    let (holds, causes) = (holds_places(summary), attention.causes(mounted));
    let is_live = Memo::new(move |_| is_page && holds.get());
    let is_none = Memo::new(move |_| attention.failed() == 0);
    let keys = move || {
        causes.with(|causes| {
            causes.iter().flat_map(|causes| &causes.causes).map(|cause| cause.key.clone()).collect::<Vec<_>>()
        })
    };
    // A second look at the same bytes finds the same: the next step is to look at what failed.
    let is_look = move || {
        attention.is_to_be_seen() || summary.with(|summary| summary.as_ref().is_some_and(JobSummary::only_tests))
    };
    // Several causes are equal, so none of them is the next step.
    let is_next = Signal::derive(move || is_over.get() && is_look() && keys().len() == 1);
    let row = move |key: String| {
        let cause = Memo::new(move |_| {
            causes
                .with(|causes| causes.iter().flat_map(|causes| &causes.causes).find(|cause| cause.key == key).cloned())
        });
        view! { <CauseRow newest cause is_over is_next /> }
    };
    let retry = is_page.then(|| view! { <Actions summary steer place=ActionPlace::Failures /> }.into_any());
    view! {
        <section
            class="attention"
            aria-label="What needs attention"
            data-live=move || is_live.get().then_some("true")
            data-none=move || is_none.get().then_some("true")
            hidden=move || is_none.get() && !is_live.get()
        >
            <div class="attention-head">
                <h2>{move || heading(attention, causes)}</h2>
                {retry}
            </div>
            <p class="ui-hint" hidden=move || !is_none.get()>"Files that fail are listed here, by reason."</p>
            <ul>
                <For each=keys key=|key| key.clone() children=row />
            </ul>
            <p class="ui-hint attention-more">{move || more(causes)}</p>
            {move || attention.wrong().map(|error| view! { <ErrorView error again=move |()| attention.read_again() /> })}
        </section>
    }
    .into_any()
}

/// How many files failed, and for how many reasons.
fn heading(attention: Attention, causes: Memo<Option<Causes>>) -> String {
    let failed = attention.failed();
    if failed == 0 {
        return "No failed files".to_owned();
    }
    let number = format::counted(failed, "file", "files");
    // While more files fail, the causes of the newest are still to be read.
    let reasons = |known: &Causes| (known.sorted() == failed).then_some(known.causes.len());
    match causes.with(|causes| causes.as_ref().and_then(reasons)) {
        None => format!("{number} failed"),
        Some(1) => format!("{number} failed for one reason"),
        Some(reasons) => format!("{number} failed for {reasons} reasons"),
    }
}

/// How many files failed for causes that are not listed.
fn more(causes: Memo<Option<Causes>>) -> Option<String> {
    let more = causes.with(|causes| causes.as_ref().map_or(0, |causes| causes.more));
    (more > 0).then(|| {
        format!(
            "The reasons for {} are only in the list of files.",
            format::counted(more, "more failure", "more failures")
        )
    })
}
