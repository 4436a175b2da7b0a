//! One job: its progress, and its items by window. The page has one shape, whatever the job's state, and whenever it was opened.

mod asked;
mod attempts;
mod attention;
mod items;
mod keep;
mod pace;
mod retry;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use asked::Asked;
use attention::{Attend, Attention};
use items::{First, Items, Shown};
use keep::Kept;
use pace::Pace;

use super::live::Live;
use super::parts::{ErrorPage, LocalTime, format};
use super::progress::{Head, Newest, Steer, known, title};
use crate::api;
use crate::base::to;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, JobSummary, Reruns};

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
    let malformed = |_| ApiError::NotFound { message: "There is no such job.".into() };
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
    let created = view.summary.created;
    // The server writes the head of the page last, when what the page itself was made of can be gone.
    let first_title = title(&view.summary);
    let newest = Newest::new(job, Some(view));
    newest.follow(summary);
    let steer = Steer::new(newest);
    let attention = Attention::new(job, summary);
    let heard =
        move |tell: &dyn Fn(&JobSummary) -> Option<String>| summary.with(|summary| summary.as_ref().and_then(tell));
    let titled = |summary: &Option<JobSummary>| summary.as_ref().map(title);
    view! {
        <Title text=move || summary.try_with(titled).flatten().unwrap_or_else(|| first_title.clone()) />
        <section class="job" data-job=job.to_string()>
            <Head summary steer is_page=true />
        </section>
        <Attend attention summary request />
        <Items job shown=items first request runs_programs summary attention />
        <section class="job-more" aria-label="More about this job">
            <p class="hint note">{move || newest.with(|view| view.note.clone()).flatten()}</p>
            <p class="reruns">{move || heard(&|summary| reruns(summary.reruns))}</p>
            <Kept summary steer />
            <Pace summary steer />
            {request.get_value().map(|request| view! { <Asked request /> })}
            <p class="hint">
                "Created " <LocalTime at=created /> " · " <code>{job.to_string()}</code> " · "
                <a class="log" href=to(&format!("/api/jobs/{job}/log")) download rel="external">"Download the event log"</a>
            </p>
        </section>
    }
}

/// How many files are done again, and why.
fn reruns(Reruns { changed, settings }: Reruns) -> Option<String> {
    let part = |number: u32, why: &str| (number > 0).then(|| format!("{} {why}", format::count(number.into())));
    let parts = [part(settings, "with other settings"), part(changed, "changed since")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Done before, and done again: {}.", parts.join(", ")))
}
