//! Every job: running jobs as cards, finished ones as a dense table, newest first. Running jobs are updated live.

mod address;
mod bulk;
mod card;
mod history;
mod room;
mod tools;

use leptos::prelude::*;

use super::load::load;
use super::nav::{Nav, Title};
use super::parts::{Controls, ErrorView, may_act};
use crate::api;
use crate::base::to;
use crate::live::Live;
use address::JobsAddress;
use card::Cards;
use headway_model::summary::JobPage;
use history::History;
use room::RoomTaken;
use tools::Tools;

const JOBS_PER_PAGE: u32 = 50;

/// The list of jobs.
#[component]
pub(super) fn JobsPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let asked = expect_context::<Nav>().query();
    let address = Memo::new(move |_| asked.with(JobsAddress::read));
    // When a new job appears anywhere, the list is read again.
    let known = live.newest_job();
    let page = load(
        move || (address.get(), known.get(), live.ended.get()),
        |(address, ..)| api::jobs(address.before, JOBS_PER_PAGE, address.find),
    );
    let list = view! {
        <Cards address />
        <Transition fallback=|| view! { <p class="ui-loading">"Reading the jobs…"</p> }>
            {move || Suspend::new(async move {
                match page.await {
                    Err(error) => {
                        let first = address.with_untracked(|address| address.before.map(|_| address.sorted(address.find.sort)));
                        view! {
                            <ErrorView error again=move |()| page.refetch() />
                            {first.map(|first| view! { <p><a href=first>"Show the first page"</a></p> })}
                        }
                            .into_any()
                    }
                    Ok(page) if page.jobs.is_empty() && page.set_aside.is_empty() => view! { <NoJobs address=address.get_untracked() /> }.into_any(),
                    Ok(JobPage { jobs, next, set_aside, .. }) => {
                        let over = jobs.into_iter().filter(|job| job.status.is_terminal()).collect();
                        let older = next.map(|before| address.with_untracked(|address| address.behind(before)));
                        let aside = set_aside.into_iter().map(|aside| view! { <p class="ui-error">{aside.message}</p> }).collect_view();
                        view! {
                            {aside}
                            <History over address=address.get_untracked() />
                            <nav class="ui-pages" aria-label="Pages of jobs">
                                {older.map(|older| view! { <a href=older>"Older →"</a> })}
                            </nav>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
        <RoomTaken />
    };
    view! {
        <Title text="Jobs" />
        <h1>"Jobs"</h1>
        <Tools address />
        <Controls>{list}</Controls>
    }
}

#[component]
fn NoJobs(address: JobsAddress) -> impl IntoView {
    if address.find.is_all() && address.before.is_none() {
        return view! {
            <section class="ui-empty">
                <h2>"No job has been run yet"</h2>
                <p>"A job is one run of a recipe over files. Each is listed here, with the result for every file."</p>
                {may_act().then(|| view! { <p><a href=to("/")>"Choose files in the library"</a></p> })}
            </section>
        }
        .into_any();
    }
    view! {
        <section class="ui-empty">
            <h2>"No job matches"</h2>
            <p><a href=to("/jobs")>"Show all jobs"</a></p>
        </section>
    }
    .into_any()
}
