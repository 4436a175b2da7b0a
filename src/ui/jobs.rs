//! Every job: what is not over as cards, and what is over as a dense table, newest first. Those that live move as they are looked at.

mod address;
mod card;
mod history;
mod tools;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::live::Live;
use super::parts::ErrorView;
use crate::api;
use crate::base::to;
use address::Address;
use card::Cards;
use headway_model::summary::JobPage;
use history::History;
use tools::Tools;

const PAGE: u32 = 50;

/// The list of jobs.
#[component]
pub(super) fn JobsPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let asked = use_query_map();
    let address = Memo::new(move |_| asked.with(Address::read));
    // A job that appears anywhere brings the list up to date.
    let known = Memo::new(move |_| live.jobs.with(|jobs| jobs.keys().next_back().copied()));
    let page = Resource::new(
        move || (address.get(), known.get(), live.ended.get()),
        |(address, ..)| api::jobs(address.before, PAGE, address.find),
    );
    view! {
        <Title text="Jobs" />
        <h1>"Jobs"</h1>
        <Tools address />
        <Cards address />
        <Transition fallback=|| view! { <p class="loading">"Reading the jobs…"</p> }>
            {move || Suspend::new(async move {
                match page.await {
                    Err(error) => view! { <ErrorView error again=move |()| page.refetch() /> }.into_any(),
                    Ok(page) if page.jobs.is_empty() => view! { <NoJobs address=address.get_untracked() /> }.into_any(),
                    Ok(JobPage { jobs, next, .. }) => {
                        let over = jobs.into_iter().filter(|job| job.status.is_terminal()).collect();
                        let older = next.map(|before| address.with_untracked(|address| address.behind(before)));
                        view! {
                            <History over />
                            <nav class="pages" aria-label="Pages of jobs">
                                {older.map(|older| view! { <a href=older>"Older →"</a> })}
                            </nav>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

#[component]
fn NoJobs(address: Address) -> impl IntoView {
    if address.find.is_all() && address.before.is_none() {
        return view! {
            <section class="empty">
                <h2>"No job has been run yet"</h2>
                <p><a href=to("/")>"Choose files in the library"</a> " and press Process all."</p>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="empty">
            <h2>"No job is like this"</h2>
            <p><a href=to("/jobs")>"Show all jobs"</a></p>
        </section>
    }
    .into_any()
}
