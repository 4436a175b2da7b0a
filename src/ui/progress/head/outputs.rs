//! The files that a job wrote for its user.

use leptos::prelude::*;

use crate::base::to;
use crate::ui::progress::Newest;
use headway_model::JobStatus;

/// A link to each of them, once the job is over.
#[component]
pub(super) fn Outputs(newest: Newest, status: Signal<JobStatus>) -> impl IntoView {
    let job = newest.job;
    // While the job runs, an output might be listed before it is complete.
    let names = move || match status.get().is_terminal() {
        true => newest.with(|view| view.outputs.clone()).unwrap_or_default(),
        false => Vec::new(),
    };
    view! {
        <div class="head-outputs">
            {move || names().into_iter().map(|name| view! { <Download job name /> }).collect_view()}
        </div>
    }
}

/// The link to one of them.
#[component]
pub(in crate::ui::progress) fn Download(job: headway_model::JobId, name: String) -> impl IntoView {
    let link = to(&format!("/api/jobs/{job}/outputs/{name}"));
    view! { <p class="head-output"><a href=link download=name.clone() rel="external">{format!("Download {name}")}</a></p> }
}
