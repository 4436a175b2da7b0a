//! Every job: running jobs as cards, finished ones as a dense table, newest first. Running jobs are updated live.

mod address;
mod bulk;
mod bulk_over;
mod card;
mod card_order;
mod history;
mod over_action;
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
use bulk_over::{BulkOver, BulkOverButtons};
use card::Cards;
use headway_model::summary::{JobPage, ShownJobs};
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
    let all = BulkOver::new(address);
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
                    Ok(ShownJobs { page, .. }) if page.jobs.is_empty() && page.set_aside.is_empty() => view! { <NoJobs address=address.get_untracked() /> }.into_any(),
                    Ok(ShownJobs { page: JobPage { jobs, next, set_aside, .. }, bytes }) => {
                        let over: Vec<_> = jobs.into_iter().zip(bytes).filter(|(job, _)| job.status.is_terminal()).collect();
                        let is_any = !over.is_empty();
                        let older = next.map(|before| address.with_untracked(|address| address.behind(before)));
                        let aside = set_aside.into_iter().map(|aside| view! { <p class="ui-error">{aside.message}</p> }).collect_view();
                        view! {
                            {aside}
                            <BulkOverButtons over=all is_any />
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
        <RoomTaken emptied=all.emptied />
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
