//! The jobs that are over: one line each.

use leptos::prelude::*;

use super::address::JobsAddress;
use crate::base::to;
use crate::ui::parts::{StatusBadge, Zone, format};
use crate::ui::progress::{door, outcomes, took};
use headway_model::find::JobSort;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::{Counters, JobSummary, Millis};

/// A table of finished jobs, in the order that the address gives.
#[component]
pub(super) fn History(
    /// Each with the bytes of the files that it has processed, if that is known.
    over: Vec<(JobSummary, Option<u64>)>,
    address: JobsAddress,
) -> impl IntoView {
    let is_empty = over.is_empty();
    // One zone for all rows.
    let zone = Zone::here();
    let rows = over.into_iter().map(|(job, bytes)| view! { <Row job bytes zone /> }).collect_view();
    // Sorting by a number puts the largest first.
    let header = |sort: JobSort, class: &'static str, text: &'static str| {
        let order = (address.find.sort == sort).then_some("descending");
        view! { <th scope="col" class=class aria-sort=order><a href=address.sorted(sort)>{text}</a></th> }
    };
    view! {
        <table class="ui-listing jobs-history" hidden=is_empty>
            <thead>
                <tr>
                    <th scope="col">"Job"</th>
                    {header(JobSort::Failed, "jobs-state", "Status")}
                    {header(JobSort::Files, "jobs-outcomes", "Files")}
                    <th scope="col" class="jobs-size">"Size"</th>
                    {header(JobSort::Took, "jobs-took", "At work")}
                    {header(JobSort::Newest, "jobs-ended", "Ended")}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn Row(job: JobSummary, bytes: Option<u64>, zone: Zone) -> impl IntoView {
    let id = job.job;
    let plan = format::planned(&job);
    let counters = if plan.is_some() { Counters::default() } else { job.counters };
    let done = plan.unwrap_or_else(|| what(&counters));
    let done = match missing(&counters) {
        None => view! { <span>{done}</span> }.into_any(),
        Some(of) => view! { <a class="jobs-missing" href=door(id, Some(of), None)>{done}</a> }.into_any(),
    };
    let ended: Option<Millis> = job.ended;
    view! {
        <tr data-job=id.to_string()>
            <td class="jobs-name"><a href=to(&format!("/jobs/{id}")) title=job.title.clone()>{job.title.clone()}</a> " " <span class="jobs-recipe">{job.recipe.clone()}</span></td>
            <td class="jobs-state"><StatusBadge status=job.status word=job.status_word() /> " " <span class="jobs-undone">{job.undone_as.clone()}</span></td>
            <td class="jobs-outcomes">
                {outcomes(&counters)}
                {done}
            </td>
            <td class="jobs-size">{bytes.map(format::size)}</td>
            <td class="jobs-took">{took(&job)}</td>
            <td class="jobs-ended">{move || ended.map(|ended| zone.to_the_second(ended))}</td>
        </tr>
    }
}

/// The result for its files: the number that matters first.
fn what(counters: &Counters) -> String {
    let (done, all) = counters.work();
    let of = |number: u32, all: u32, what: &str| {
        format!("{} of {} {what}", format::count(number.into()), format::count(all.into()))
    };
    match (counters.failed, counters.missed, counters.cancelled) {
        (0, 0, 0) => format::files(counters),
        (0, 0, _) => of(done, all, "done"),
        (0, missed, _) => of(missed, all, "missed"),
        (failed, 0, _) => of(failed, all, "failed"),
        (failed, missed, _) => of(failed + missed, all, "failed or missed"),
    }
}

/// The files about which the number in a row is, if it counts files that failed or were missed.
fn missing(counters: &Counters) -> Option<StatusFilter> {
    match (counters.failed, counters.missed) {
        (0, 0) => None,
        (0, _) => Some(StatusFilter::Missed),
        (_, 0) => Some(ItemLabel::Failed.into()),
        (_, _) => Some(StatusFilter::Errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_complete_only_if_no_file_failed_was_missed_or_is_left() {
        let said = |failed, missed, cancelled| {
            let (skipped, skipped_in_plan) = (missed, missed);
            let succeeded = 1_000 - failed - missed - cancelled;
            let counters = Counters {
                total: 1_000,
                succeeded,
                skipped,
                skipped_in_plan,
                missed,
                missed_in_plan: missed,
                failed,
                cancelled,
                ..Counters::default()
            };
            what(&counters)
        };
        assert_eq!(said(0, 0, 0), "1,000 / 1,000 files");
        assert_eq!(said(2, 0, 0), "2 of 1,000 failed");
        assert_eq!(said(0, 3, 0), "3 of 1,000 missed");
        assert_eq!(said(2, 3, 1), "5 of 1,000 failed or missed");
        assert_eq!(said(0, 0, 600), "400 of 1,000 done");
    }

    #[test]
    fn the_number_of_failed_files_leads_to_those_files() {
        let of = |failed, missed| missing(&Counters { failed, missed, ..Counters::default() }).map(StatusFilter::name);
        assert_eq!([of(0, 0), of(2, 0), of(0, 3), of(2, 3)], [None, Some("failed"), Some("missed"), Some("errors")]);
    }
}
