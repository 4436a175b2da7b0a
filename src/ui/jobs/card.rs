//! A card for a job that is not over: its status, its progress, and its next step.

use leptos::prelude::*;

use super::address::JobsAddress;
use super::bulk::Bulk;
use super::card_order::{CardGroup, ordered};
use crate::live::{JobState, Live};
use crate::ui::progress::{Newest, Steer, Strip, Summary};
use headway_model::JobId;

/// One card for each matching job that is not over, however old, above the finished ones.
#[component]
pub(super) fn Cards(address: Memo<JobsAddress>) -> impl IntoView {
    let live = expect_context::<Live>();
    let groups = Memo::new(move |_| {
        address.with(|address| {
            let is_shown = |state: &JobState| !state.summary.status.is_terminal() && address.find.has(&state.summary);
            let jobs = live.jobs.get();
            let shown = jobs.values().filter(|state| address.before.is_none() && is_shown(state));
            shown.map(|state| (state.summary.job, CardGroup::of(state.summary.status))).collect::<Vec<_>>()
        })
    });
    let open =
        Memo::new(move |before: Option<&Vec<JobId>>| groups.with(|groups| ordered(before.map(Vec::as_slice), groups)));
    // The one job whose next step is the main button: the first of those that wait for a person.
    let first = Memo::new(move |_| {
        let waits = |job: &JobId| groups.with(|groups| groups.contains(&(*job, CardGroup::Waits)));
        open.with(|open| open.iter().copied().find(waits))
    });
    view! {
        <Bulk address open />
        <ul class="job-cards" aria-label="Jobs that are not over" hidden=move || open.with(Vec::is_empty)>
            <For each=move || open.get() key=|job| *job children=move |job| view! { <li><Card job first /></li> } />
        </ul>
    }
}

#[component]
fn Card(job: JobId, first: Memo<Option<JobId>>) -> impl IntoView {
    let state = expect_context::<Live>().job(job);
    let summary: Summary = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.summary.clone())));
    let steer = Steer::new(Newest::new(job, None));
    view! {
        <article class="job-card" data-job=job.to_string()>
            <Strip summary steer is_first=Signal::derive(move || first.get() == Some(job)) />
        </article>
    }
}
