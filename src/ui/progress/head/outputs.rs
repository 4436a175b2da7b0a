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
    let is_manifest = move || names().iter().any(|name| MANIFESTS.contains(&name.as_str()));
    view! {
        <div class="head-outputs">
            {move || names().into_iter().map(|name| view! { <Download job name /> }).collect_view()}
            <Show when=is_manifest>
                <p class="head-output">
                    "To verify these files later, run the recipe verify with the manifest " <code>{format!("@{job}")}</code> "."
                </p>
            </Show>
        </div>
    }
}

/// The names of manifests of a checksum job.
const MANIFESTS: [&str; 2] = ["SHA256SUMS", "B3SUMS"];

/// The link to one of them.
#[component]
pub(in crate::ui::progress) fn Download(job: headway_model::JobId, name: String) -> impl IntoView {
    let link = to(&format!("/api/jobs/{job}/outputs/{name}"));
    view! { <p class="head-output"><a href=link download=name.clone() rel="external">{format!("Download {name}")}</a></p> }
}
