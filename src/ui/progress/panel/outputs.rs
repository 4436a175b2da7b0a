//! The files a finished job wrote for its user.

use leptos::prelude::*;

use super::Place;
use crate::api;
use crate::base::to;
use headway_model::{JobId, JobStatus};

/// A link to each of them, once the job is over.
#[component]
pub(super) fn Outputs(job: JobId, status: Signal<JobStatus>, place: Place) -> impl IntoView {
    let names = match place {
        Place::Page(view) => Signal::derive(move || view.with(|view| view.outputs.clone())),
        Place::Dialog => in_dialog(job, status),
    };
    // An output has its name before it is whole.
    let is_over = move || status.get().is_terminal();
    view! {
        <div class="outputs">
            {move || {
                let names = if is_over() { names.get() } else { Vec::new() };
                names
                    .into_iter()
                    .map(|name| {
                        let link = to(&format!("/api/jobs/{job}/outputs/{name}"));
                        view! { <p class="output"><a href=link download=name.clone() rel="external">{format!("Download {name}")}</a></p> }
                    })
                    .collect_view()
            }}
        </div>
    }
}

/// Their names, asked for when the job ends. No resource: a dialog is there before the page is, or comes after it.
fn in_dialog(job: JobId, status: Signal<JobStatus>) -> Signal<Vec<String>> {
    let names = RwSignal::new(Vec::new());
    let is_over = Memo::new(move |_| status.get().is_terminal());
    Effect::new(move |_| {
        if is_over.get() {
            leptos::task::spawn_local(async move {
                if let Ok(view) = api::job(job).await {
                    names.try_set(view.outputs);
                }
            });
        }
    });
    names.into()
}
