//! The app: a page on which a button starts jobs, and a page that watches a job by its id.

#![expect(unreachable_pub, reason = "the component macro makes public props")]

use headway::leptos::{FailureCauses, JobProgress, provide_headway, use_job, use_start};
use headway::model::request::FolderQuery;
use headway::model::{JobId, Query, StartJob};
use leptos::prelude::*;

/// Where Headway's router is mounted.
pub const HEADWAY: &str = "/headway";

/// The job that the server rendered this page for.
#[cfg(not(feature = "ssr"))]
pub fn watched_of_page() -> Option<JobId> {
    window().document()?.document_element()?.get_attribute("data-watched")?.parse().ok()
}

/// The app.
#[component]
pub fn App(
    /// The job that the page watches; without one, the page offers to start jobs.
    watched: Option<JobId>,
) -> impl IntoView {
    provide_headway(HEADWAY).expect("a base path");
    match watched {
        Some(job) => view! { <Watch job /> }.into_any(),
        None => view! { <Check /> }.into_any(),
    }
}

/// A button that starts a job over the whole folder, and every job that it has started, newest first.
#[component]
fn Check() -> impl IntoView {
    let start = use_start();
    let started = RwSignal::new(Vec::new());
    let press = move |_| {
        let request = StartJob::new("archive", "checksum", Query::Folder(FolderQuery::default()));
        if let Ok(job) = start.start(request) {
            started.update(|jobs| jobs.insert(0, job));
        }
    };
    view! {
        <main>
            <h1>"The archive"</h1>
            <button type="button" id="check" disabled=move || !start.can_start() on:click=press>"Check all files"</button>
            {move || start.refused().map(|error| view! { <p role="alert">{error.to_string()}</p> })}
            <For each=move || started.get() key=|job| *job let:job>
                <JobProgress job />
            </For>
        </main>
    }
}

/// One job, as this app shows it.
#[component]
fn Watch(job: JobId) -> impl IntoView {
    let followed = use_job(job);
    let failures = followed.failures();
    let said = move || match (followed.status.get(), failures.get()) {
        (Some(status), FailureCauses::None) if status.is_terminal() => "The archive is whole.".to_owned(),
        (_, FailureCauses::Known(known)) => known
            .causes
            .iter()
            .map(|cause| format!("{}: {}", cause.items.len(), cause.text))
            .collect::<Vec<_>>()
            .join("; "),
        (_, FailureCauses::Unknown(error)) => format!("Why files failed is not known: {error}"),
        (_, FailureCauses::Asked | FailureCauses::None) => "Checking.".to_owned(),
    };
    view! {
        <main>
            <h1>"A check of the archive"</h1>
            <p id="said">{said}</p>
            <JobProgress job />
        </main>
    }
}
