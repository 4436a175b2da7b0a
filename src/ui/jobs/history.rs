//! The jobs that are over: one line each.

use leptos::prelude::*;

use crate::base::to;
use crate::ui::parts::{StatusBadge, Zone, format};
use crate::ui::progress::{outcomes, took};
use headway_model::{Counters, JobSummary, Millis};

/// A table of them, newest first.
#[component]
pub(super) fn History(over: Vec<JobSummary>) -> impl IntoView {
    let is_empty = over.is_empty();
    // One for all rows: where the reader is does not change from row to row.
    let zone = Zone::here();
    let rows = over.into_iter().map(|job| view! { <Row job zone /> }).collect_view();
    view! {
        <table class="listing jobs" hidden=is_empty>
            <thead>
                <tr>
                    <th scope="col">"Job"</th>
                    <th scope="col" class="state">"Status"</th>
                    <th scope="col" class="outcomes">"Files"</th>
                    <th scope="col" class="number">"Took"</th>
                    <th scope="col" class="ended">"Ended"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn Row(job: JobSummary, zone: Zone) -> impl IntoView {
    let id = job.job;
    let counters = job.counters;
    let ended: Option<Millis> = job.ended;
    view! {
        <tr data-job=id.to_string()>
            <td class="name"><a href=to(&format!("/jobs/{id}"))>{job.title.clone()}</a> " " <span class="recipe">{job.recipe.clone()}</span></td>
            <td class="state"><StatusBadge status=job.status /></td>
            <td class="outcomes">
                {outcomes(&counters)}
                <span class="what">{what(&counters)}</span>
            </td>
            <td class="number">{took(&job)}</td>
            <td class="ended">{move || ended.map(|ended| zone.to_the_second(ended))}</td>
        </tr>
    }
}

/// What came of its files: the number that matters first.
fn what(counters: &Counters) -> String {
    let (done, all) = counters.work();
    let of =
        |number: u32, what: &str| format!("{} of {} {what}", format::count(number.into()), format::count(all.into()));
    match (counters.failed, counters.cancelled) {
        (0, 0) => format::files(counters),
        (0, _) => of(done, "done"),
        (failed, _) => of(failed, "failed"),
    }
}
