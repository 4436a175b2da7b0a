//! One job: its progress, and its items by window.

mod actions;
mod asked;
mod attempts;
mod items;
mod retry;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use actions::Actions;
use asked::Asked;
use items::Items;

use super::live::{JobState, Live};
use super::parts::{ErrorPage, StatusBadge, Time, format};
use super::progress::Panel;
use crate::api;
use crate::model::summary::{JobView, Start};
use crate::model::{ApiError, JobId, JobStatus, Reruns};

/// The page of the job in the address.
#[component]
pub(super) fn JobPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let view = Resource::new(move || (id.get(), live.ended.get()), |(id, _)| read(id));
    view! {
        <Title text="Job" />
        <Transition fallback=|| view! { <p class="loading">"Reading the job…"</p> }>
            {move || Suspend::new(async move {
                match view.await {
                    Ok(view) => view! { <JobDetails view /> }.into_any(),
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
fn JobDetails(view: JobView) -> impl IntoView {
    let live = expect_context::<Live>();
    let (asked, waits, steered) = (view.request.clone(), view.waits.clone(), view.clone());
    let request = StoredValue::new(view.request);
    let summary = view.summary;
    let job = summary.job;
    let (status, read_reruns) = (summary.status, summary.reruns);
    let is_live = live.job(job);
    // Until it is hydrated a page must show what the server rendered, whatever has been heard meanwhile.
    let mounted = RwSignal::new(false);
    Effect::new(move |_| mounted.set(true));
    let at_first = expect_context::<Start>().live.iter().any(|summary| summary.job == job);
    let shown = Memo::new(move |_| if mounted.get() { is_live.with(Option::is_some) } else { at_first });
    let heard = Memo::new(move |_| {
        let counters = |state: &Arc<JobState>| (state.summary.status, state.summary.counters);
        if mounted.get() { is_live.with(|state| state.as_ref().map(counters)) } else { None }
    });
    Effect::new(move |_| {
        if !status.is_terminal() {
            live.follow(job);
        }
    });
    // What was read holds as long as the job stands where it stood then.
    let waits_now = move || match heard.get().map(|(status, _)| status) {
        Some(JobStatus::Planned) => Some("waits for your approval".to_owned()),
        Some(now) if now != status => None,
        _ => waits.clone(),
    };
    let title = summary.title.clone();
    let created = summary.created;
    let counters = summary.counters;
    let message = summary.message.clone();
    let outputs = view.outputs;
    view! {
        <section class="job" data-job=job.to_string()>
            {move || {
                if shown.get() {
                    return view! { <Panel job /> }.into_any();
                }
                let ends = [
                    ("succeeded", counters.succeeded),
                    ("skipped", counters.skipped),
                    ("failed", counters.failed),
                    ("cancelled", counters.cancelled),
                ];
                let ends = ends.map(|(word, number)| format!("{} {word}", format::count(number.into()))).join(", ");
                let files = format!("{} / {} files", format::count(counters.done().into()), format::count(counters.total.into()));
                view! {
                    <header class="panel-head">
                        <h1 class="title">{title.clone()}</h1>
                        <StatusBadge status=Signal::derive(move || status) />
                    </header>
                    <p class="numbers">
                        <strong class="done">{files}</strong>
                        <span>{ends}</span>
                    </p>
                    <p class="message">{message.clone()}</p>
                    {outputs
                        .iter()
                        .map(|name| view! { <p class="output"><a href=format!("/api/jobs/{job}/outputs/{name}") download=name.clone() rel="external">{format!("Download {name}")}</a></p> })
                        .collect_view()}
                }
                    .into_any()
            }}
            <p class="waits">{waits_now}</p>
            <p class="hint note">{view.note}</p>
            <p class="reruns">{move || reruns(if mounted.get() { is_live.with(|state| state.as_ref().map(|state| state.summary.reruns)) } else { None }.unwrap_or(read_reruns))}</p>
            <Actions view=steered heard />
            {asked.map(|request| view! { <Asked request /> })}
            <p class="hint">
                "Created " <Time at=created /> " UTC · " <code>{job.to_string()}</code> " · "
                <a class="log" href=format!("/api/jobs/{job}/log") download rel="external">"Download its log"</a>
            </p>
        </section>
        <Items job request />
    }
}

/// How many files are done again, and why.
fn reruns(Reruns { changed, settings }: Reruns) -> Option<String> {
    let part = |number: u32, why: &str| (number > 0).then(|| format!("{} {why}", format::count(number.into())));
    let parts = [part(settings, "with other settings"), part(changed, "changed since")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Done before, and done again: {}.", parts.join(", ")))
}
