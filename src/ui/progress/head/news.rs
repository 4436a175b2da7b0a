//! What a job works on now, and in the end what came of it. On the page of a live job both have one place of one height: what comes at the
//! end takes the room of the running files, and nothing below moves.

use std::sync::Arc;

use leptos::prelude::*;

use super::missed::{self, Missed};
use super::outputs::Outputs;
use super::report::ReportLines;
use super::retried::Retried;
use super::running::RunningFiles;
use super::undone::Undone;
use super::{Attention, Summary};
use crate::live::JobState;
use crate::ui::parts::{format, with_sizes};
use crate::ui::progress::{Newest, is_over, keeps_places};
use headway_model::{JobStatus, JobSummary};

/// The running files; then the job's message, the totals of its report, which jobs undid or retried it, and its outputs.
#[component]
pub(super) fn News(
    state: Memo<Option<Arc<JobState>>>,
    summary: Summary,
    newest: Newest,
    status: Signal<JobStatus>,
    attention: Attention,
    /// Whether the page is hydrated.
    mounted: RwSignal<bool>,
    /// Whether this is the job's own page.
    is_page: bool,
) -> impl IntoView {
    let (job, keeps, is_over) = (newest.job, keeps_places(summary), is_over(summary));
    // What came of the job can be more than there is room for, and is scrolled then, also with the keyboard.
    let is_scrolled = move || is_page && keeps.get() && is_over.get();
    view! {
        <div
            class="head-news"
            tabindex=move || is_scrolled().then_some("0")
            role=move || is_scrolled().then_some("group")
            aria-label=move || is_scrolled().then_some("What came of it")
        >
            <p class="head-message ui-hint">{move || newest.with(|view| view.note.clone()).flatten()}</p>
            <Missed job summary />
            <RunningFiles state summary />
            <p class="head-message">{move || message(summary).map(|text| with_sizes(&text))}</p>
            <ReportLines summary newest attention mounted />
            <Undone newest />
            <Retried newest />
            <Outputs newest status />
        </div>
    }
    .into_any()
}

/// What the job says about itself, unless it names the files that were missed: `Missed` shows that.
fn message(summary: Summary) -> Option<String> {
    let own = |summary: &&JobSummary| missed::told(summary).is_none();
    let message = summary.with(|summary| summary.as_ref().filter(own).and_then(|summary| summary.message.clone()));
    message.filter(|text| !text.is_empty()).map(|text| format::sentence(&text))
}
