//! One job: its progress, and its items by window. The page has one shape, whatever the job's state, and whenever it was opened.

mod actions;
mod asked;
mod attempts;
mod items;
mod named;
mod newest;
mod retry;
mod undone;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use actions::Actions;
use asked::Asked;
use items::{First, Items, Shown};
use newest::Newest;

use super::live::Live;
use super::parts::{ErrorPage, Time, format};
use super::progress::{Panel, Place, known};
use crate::api;
use crate::base::to;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, JobStatus, JobSummary, Reruns};

/// The page of the job in the address.
#[component]
pub(super) fn JobPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    // All that is read is asked for here: what stands in a suspended part is made at another time in the browser than on the server.
    let view = Resource::new(move || id.get(), read);
    let items = Shown::read(id);
    view! {
        <Transition fallback=|| view! { <p class="loading">"Reading the job…"</p> }>
            {move || Suspend::new(async move {
                let first = items.first().await;
                match view.await {
                    Ok(view) => view! { <JobDetails view items first /> }.into_any(),
                    Err(error) => view! { <ErrorPage error again=move |()| view.refetch() /> }.into_any(),
                }
            })}
        </Transition>
    }
}

async fn read(id: String) -> Result<JobView, ApiError> {
    let malformed =
        |_| ApiError::NotFound { message: format!("{id:?} is no job's id; look for the job in the list of jobs") };
    api::job(id.parse::<JobId>().map_err(malformed)?).await
}

#[component]
fn JobDetails(view: JobView, items: Shown, first: First) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = view.summary.job;
    let summary = known(job, Some(view.summary.clone()));
    Effect::new({
        let over = view.summary.status.is_terminal();
        move |_| if over { live.revisit(job) } else { live.follow(job) }
    });
    let runs_programs = view.runs_programs;
    let request = StoredValue::new(view.request.clone());
    let newest = Newest::new(view);
    let view = newest.view();
    refresh(job, newest, summary);
    let heard =
        move |tell: &dyn Fn(&JobSummary) -> Option<String>| summary.with(|summary| summary.as_ref().and_then(tell));
    // What was read holds as long as the job stands where it stood then.
    let waits = move || match summary.with(|summary| summary.as_ref().map(|summary| summary.status)) {
        Some(JobStatus::Planned) => Some("waits for your approval".to_owned()),
        now => view.with(|view| view.waits.clone().filter(|_| now.is_none_or(|now| now == view.summary.status))),
    };
    let created = view.with_untracked(|view| view.summary.created);
    let titled = |summary: &Option<JobSummary>| summary.as_ref().map(named::title);
    // The server writes the head of the page last, when what the page itself was made of can be gone.
    let first_title = view.with_untracked(|view| named::title(&view.summary));
    view! {
        <Title text=move || summary.try_with(titled).flatten().unwrap_or_else(|| first_title.clone()) />
        <section class="job" data-job=job.to_string()>
            <Panel job place=Place::Page(view) />
            <p class="waits">{waits}</p>
            <p class="hint note">{move || view.with(|view| view.note.clone())}</p>
            <p class="reruns">{move || heard(&|summary| reruns(summary.reruns))}</p>
            <undone::Undone view />
            <Actions newest summary />
            {request.get_value().map(|request| view! { <Asked request /> })}
            <p class="hint">
                "Created " <Time at=created /> " UTC · " <code>{job.to_string()}</code> " · "
                <a class="log" href=to(&format!("/api/jobs/{job}/log")) download rel="external">"Download its log"</a>
            </p>
        </section>
        <Items job shown=items first request runs_programs />
    }
}

/// Reads the job again when its status changes, as what it waits for is not told by the stream; and when another one appears or ends, as
/// that may have undone it.
fn refresh(job: JobId, read: Newest, summary: Memo<Option<JobSummary>>) {
    let live = expect_context::<Live>();
    let status = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(|summary| summary.status)));
    let newest = Memo::new(move |_| live.jobs.with(|jobs| jobs.keys().next_back().copied()));
    Effect::new(move |before: Option<()>| {
        // Read, not only tracked: a memo that nobody has read follows nothing yet.
        let _ = (newest.get(), live.ended.get(), status.get());
        if before.is_some() {
            leptos::task::spawn_local(async move {
                // What was read stays if it cannot be read again; whatever is counted comes by the stream.
                drop(read.take(api::job(job)).await);
            });
        }
    });
}

/// How many files are done again, and why.
fn reruns(Reruns { changed, settings }: Reruns) -> Option<String> {
    let part = |number: u32, why: &str| (number > 0).then(|| format!("{} {why}", format::count(number.into())));
    let parts = [part(settings, "with other settings"), part(changed, "changed since")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Done before, and done again: {}.", parts.join(", ")))
}
