//! Everything a page says of one job.

mod bar;
mod counts;
mod missed;
mod outputs;
mod pace;
mod running;

use std::sync::Arc;

use leptos::prelude::*;

use super::failures::Failures;
use super::proof::ProofLine;
use crate::ui::live::{JobState, Live};
use crate::ui::parts::StatusBadge;
use bar::Bar;
use counts::Counts;
use headway_model::follow::Phase;
use headway_model::summary::{JobView, Start};
use headway_model::{JobId, JobStatus, JobSummary};
use missed::Missed;
use outputs::Outputs;
use running::RunningFiles;

/// The job as it was last heard of; `None` for one that was never heard of.
pub(super) type Summary = Memo<Option<JobSummary>>;

/// Where a panel stands.
#[derive(Clone, Copy, Default)]
pub(crate) enum Place {
    /// In the dialog: all of it comes by the stream.
    #[default]
    Dialog,
    /// On the job's own page, where it was read as well.
    Page(Signal<JobView>),
}

/// A job as it is known: what was heard of it, or what was `read` if that is newer. Until it is hydrated a page shows what the server
/// rendered, whatever has been heard meanwhile.
pub(crate) fn known(job: JobId, read: Option<JobSummary>) -> Summary {
    let state = expect_context::<Live>().job(job);
    let mounted = mounted();
    let newer = |one: Option<JobSummary>, other: Option<&JobSummary>| match (one, other) {
        (Some(one), Some(other)) if other.seq > one.seq => Some(other.clone()),
        (one, other) => one.or_else(|| other.cloned()),
    };
    let rendered = match &read {
        None => state.with_untracked(|state| state.as_ref().map(|state| state.summary.clone())),
        Some(_) => {
            let start = use_context::<Start>();
            let start = start.iter().flat_map(|start| &start.live).find(|summary| summary.job == job);
            newer(read.clone(), start)
        }
    };
    Memo::new(move |_| {
        if !mounted.get() {
            return rendered.clone();
        }
        // Beside its items a job is shown as it was read until it is followed: then both move on together.
        let counts =
            |state: &&Arc<JobState>| read.is_none() || state.proof.seq > 0 || state.phase == Some(Phase::Stopped);
        let heard = state.with(|state| state.as_ref().filter(counts).map(|state| state.summary.clone()));
        newer(heard, read.as_ref())
    })
}

/// Whether the page is hydrated: until then it must show what the server rendered.
fn mounted() -> RwSignal<bool> {
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    mounted
}

/// Title, status, bar, counts, what runs, what failed, and the proof.
#[component]
pub(crate) fn Panel(
    /// The job.
    job: JobId,
    /// Where it stands.
    #[prop(optional)]
    place: Place,
) -> impl IntoView {
    let heard = expect_context::<Live>().job(job);
    let (read, is_page) = match place {
        Place::Dialog => (None, false),
        Place::Page(view) => (Some(view.with_untracked(|view| view.summary.clone())), true),
    };
    let summary = known(job, read);
    let mounted = mounted();
    let state = Memo::new(move |_| if is_page && !mounted.get() { None } else { heard.get() });
    let title = move || summary.with(|summary| summary.as_ref().map(|summary| summary.title.clone()));
    let recipe = move || summary.with(|summary| summary.as_ref().map(|summary| summary.recipe.clone()));
    let message = move || {
        let message = summary.with(|summary| summary.as_ref().and_then(|summary| summary.message.clone()));
        message.filter(|text| !text.is_empty())
    };
    let status = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().map_or(JobStatus::Planning, |summary| summary.status))
    });
    let heading = if is_page {
        view! { <h1 class="title">{title}</h1> }.into_any()
    } else {
        view! { <h2 class="title">{title}</h2> }.into_any()
    };
    view! {
        <header class="panel-head">
            {heading}
            <span class="recipe">{recipe}</span>
            <StatusBadge status />
        </header>
        <Bar state summary />
        <Counts summary />
        <Missed job summary />
        <p class="message">{message}</p>
        <RunningFiles state />
        <Failures job summary is_page />
        <Outputs job status place />
        <ProofLine state />
    }
    .into_any()
}
