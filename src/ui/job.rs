//! One job: its progress, and its items by window.

mod actions;
mod asked;
mod attempts;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use actions::Actions;
use asked::Asked;
use attempts::Attempts;

use super::live::{JobState, Live};
use super::parts::{ErrorView, StatusBadge, Time, format};
use super::progress::Panel;
use crate::api;
use crate::model::item::ITEM_LABELS;
use crate::model::summary::{ItemView, JobView, Start};
use crate::model::{ApiError, JobId, JobStatus};

const PAGE: u32 = 100;

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
                    Err(error) => view! { <ErrorView error /> }.into_any(),
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
    let summary = view.summary;
    let job = summary.job;
    let status = summary.status;
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
            <Actions view=steered heard />
            {asked.map(|request| view! { <Asked request /> })}
            <p class="hint">"Created " <Time at=created /> " UTC · " <code>{job.to_string()}</code></p>
        </section>
        <Items job />
    }
}

#[component]
fn Items(job: JobId) -> impl IntoView {
    let live = expect_context::<Live>();
    let asked = use_query_map();
    let status =
        Memo::new(move |_| asked.with(|asked| asked.get("status")).filter(|word| ITEM_LABELS.contains(&word.as_str())));
    let after = Memo::new(move |_| asked.with(|asked| asked.get("after")).and_then(|text| text.parse::<u32>().ok()));
    let page = Resource::new(
        move || (status.get(), after.get(), live.ended.get()),
        move |(status, after, _)| api::items(job, after, PAGE, status),
    );
    view! {
        <nav class="filters" aria-label="Items by status">
            <a href=format!("/jobs/{job}") aria-current=move || status.with(Option::is_none).then_some("true")>"all"</a>
            {ITEM_LABELS
                .into_iter()
                .map(|word| {
                    let here = move || status.with(|status| status.as_deref() == Some(word)).then_some("true");
                    view! { <a href=format!("/jobs/{job}?status={word}") aria-current=here>{word}</a> }
                })
                .collect_view()}
        </nav>
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Err(error) => view! { <ErrorView error /> }.into_any(),
                    Ok(page) if page.items.is_empty() => view! { <p class="hint">"No items here."</p> }.into_any(),
                    Ok(page) => {
                        let more = page.next.map(|next| {
                            let filter = status.get_untracked().map(|word| format!("&status={word}")).unwrap_or_default();
                            view! { <a href=format!("/jobs/{job}?after={next}{filter}")>"Next →"</a> }
                        });
                        view! {
                            <table class="listing items">
                                <thead>
                                    <tr>
                                        <th>"File"</th>
                                        <th class="number">"Size"</th>
                                        <th>"Status"</th>
                                        <th class="result">"Result"</th>
                                    </tr>
                                </thead>
                                <tbody>{page.items.into_iter().map(|item| view! { <ItemRow job item /> }).collect_view()}</tbody>
                            </table>
                            <nav class="pages" aria-label="Pages of items">{more}</nav>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn ItemRow(job: JobId, item: ItemView) -> impl IntoView {
    let found = item.result.as_ref().and_then(|result| result.as_object()).map(|fields| {
        let texts = fields.iter().map(|(name, value)| format!("{name} {}", format::value(value)));
        texts.collect::<Vec<_>>().join(" ")
    });
    let why = match (item.reason, item.message) {
        (Some(reason), Some(message)) if !message.is_empty() => Some(format!("{reason}: {message}")),
        (reason, _) => reason,
    };
    view! {
        <tr>
            <td class="name"><bdi dir="ltr">{item.path.shown()}</bdi></td>
            <td class="number">{format::size(item.size)}</td>
            <td><span class="status-badge" data-status=item.status.clone()>{item.status.clone()}</span></td>
            <td class="result">
                {why.or(found)}
                {(item.attempt > 0).then(|| view! { <Attempts job item=item.item /> })}
            </td>
        </tr>
    }
}
