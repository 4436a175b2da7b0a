//! A card for a job that is not over: its status, its progress, and its next step.

use leptos::prelude::*;

use super::address::JobsAddress;
use super::bulk::Bulk;
use crate::live::{JobState, Live};
use crate::ui::progress::{Newest, Steer, Strip, Summary};
use headway_model::JobId;

/// One card for each matching job that is not over, however old, above the finished ones.
#[component]
pub(super) fn Cards(address: Memo<JobsAddress>) -> impl IntoView {
    let live = expect_context::<Live>();
    let open = Memo::new(move |_| {
        address.with(|address| {
            let is_shown = |state: &JobState| !state.summary.status.is_terminal() && address.find.has(&state.summary);
            let jobs = live.jobs.get();
            let shown = jobs.values().filter(|state| address.before.is_none() && is_shown(state));
            shown.map(|state| state.summary.job).collect::<Vec<_>>()
        })
    });
    view! {
        <Bulk address open />
        <ul class="job-cards" aria-label="Jobs that are not over" hidden=move || open.with(Vec::is_empty)>
            <For each=move || open.get() key=|job| *job children=|job| view! { <li><Card job /></li> } />
        </ul>
    }
}

#[component]
fn Card(job: JobId) -> impl IntoView {
    let state = expect_context::<Live>().job(job);
    let summary: Summary = Memo::new(move |_| state.with(|state| state.as_ref().map(|state| state.summary.clone())));
    let steer = Steer::new(Newest::new(job, None));
    view! {
        <article class="job-card" data-job=job.to_string()>
            <Strip summary steer />
        </article>
    }
}
