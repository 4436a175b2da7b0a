//! Every job, newest first; those that live move as they are looked at.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::live::Live;
use super::parts::{ErrorView, StatusBadge, Time, format};
use crate::api;
use crate::base::to;
use headway_model::{JobId, JobSummary};

const PAGE: u32 = 50;

/// The list of jobs.
#[component]
pub(super) fn JobsPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let asked = use_query_map();
    let before =
        Memo::new(move |_| asked.with(|asked| asked.get("before")).and_then(|text| text.parse::<JobId>().ok()));
    // A job that appears anywhere brings the list up to date.
    let known = Memo::new(move |_| live.jobs.with(|jobs| jobs.keys().next_back().copied()));
    let page =
        Resource::new(move || (before.get(), known.get(), live.ended.get()), |(before, ..)| api::jobs(before, PAGE));
    view! {
        <Title text="Jobs" />
        <h1>"Jobs"</h1>
        <Transition fallback=|| view! { <p class="loading">"Reading the jobs…"</p> }>
            {move || Suspend::new(async move {
                match page.await {
                    Err(error) => view! { <ErrorView error again=move |()| page.refetch() /> }.into_any(),
                    Ok(page) if page.jobs.is_empty() => {
                        view! {
                            <section class="empty">
                                <h2>"No job has been run yet"</h2>
                                <p><a href=to("/")>"Choose files in the library"</a> " and press Process all."</p>
                            </section>
                        }
                            .into_any()
                    }
                    Ok(page) => {
                        let older = page.next.map(|job| view! { <a href=to(&format!("/jobs?before={job}"))>"Older →"</a> });
                        view! {
                            <table class="listing jobs">
                                <thead>
                                    <tr>
                                        <th scope="col">"Job"</th>
                                        <th scope="col" class="state">"Status"</th>
                                        <th scope="col" class="number">"Files"</th>
                                        <th scope="col" class="number failed">"Failed"</th>
                                        <th scope="col" class="modified">"Created (UTC)"</th>
                                    </tr>
                                </thead>
                                <tbody>
                                    {page.jobs.into_iter().map(|summary| view! { <JobRow summary /> }).collect_view()}
                                </tbody>
                            </table>
                            <nav class="pages" aria-label="Pages of jobs">{older}</nav>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn JobRow(summary: JobSummary) -> impl IntoView {
    let live = expect_context::<Live>();
    let job = summary.job;
    let (title, created) = (summary.title.clone(), summary.created);
    let state = live.job(job);
    // What is heard wins over what was read.
    let now = Memo::new(move |_| match state.get() {
        Some(state) if state.summary.seq >= summary.seq => state.summary.clone(),
        _ => summary.clone(),
    });
    let status = Signal::derive(move || now.with(|now| now.status));
    let files = move || {
        now.with(|now| {
            format!(
                "{} / {}",
                format::count(now.counters.files_done().into()),
                format::count(now.counters.files().into())
            )
        })
    };
    view! {
        <tr data-job=job.to_string()>
            <td class="name"><a href=to(&format!("/jobs/{job}"))>{title}</a></td>
            <td><StatusBadge status /></td>
            <td class="number">{files}</td>
            <td class="number failed">{move || now.with(|now| format::count(now.counters.failed.into()))}</td>
            <td class="modified"><Time at=created /></td>
        </tr>
    }
}
