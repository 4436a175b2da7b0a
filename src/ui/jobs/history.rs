//! The jobs that are over: one line each.

use leptos::prelude::*;

use super::address::JobsAddress;
use crate::base::to;
use crate::ui::parts::{StatusBadge, Zone, format};
use crate::ui::progress::{files_address, outcomes, took};
use headway_model::bar::word;
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
    let (done, of) = plan.map_or_else(|| what(&counters), |plan| (plan, None));
    // Each number leads to its files.
    let left_out = match counters.left_out() {
        0 => None,
        number => {
            let of = StatusFilter::LeftOut;
            let text = format!("{} {}", format::count(number.into()), word(of));
            Some(view! { " · " <a href=files_address(id, Some(of), None)>{text}</a> })
        }
    };
    let ended: Option<Millis> = job.ended;
    view! {
        <tr data-job=id.to_string()>
            <td class="jobs-name"><a href=to(&format!("/jobs/{id}")) title=job.title.clone()>{job.title.clone()}</a> " " <span class="jobs-recipe">{job.recipe_beside_title().to_owned()}</span></td>
            <td class="jobs-state"><StatusBadge status=job.status word=job.status_word() /> " " <span class="jobs-undone">{job.undone_as.clone()}</span></td>
            <td class="jobs-outcomes">
                {outcomes(&counters)}
                <a class:jobs-missing=counters.has_errors() href=files_address(id, of, None)>{done}</a>
                {left_out}
            </td>
            <td class="jobs-size">{bytes.map(format::size)}</td>
            <td class="jobs-took">{took(&job)}</td>
            <td class="jobs-ended">{move || ended.map(|ended| zone.to_the_second(ended))}</td>
        </tr>
    }
}

/// The result for its files: the number that matters first; and which files that number counts, if not all.
fn what(counters: &Counters) -> (String, Option<StatusFilter>) {
    let (done, all) = counters.work();
    let of = |number: u32, all: u32, what: &str| {
        format!("{} of {} {what}", format::count(number.into()), format::count(all.into()))
    };
    let succeeded = StatusFilter::Label(ItemLabel::Succeeded);
    match (counters.failed, counters.missed, counters.cancelled) {
        (0, 0, 0) => (format::files(counters), Some(succeeded).filter(|_| counters.succeeded == done && done > 0)),
        (0, 0, _) => (of(counters.succeeded, all, word(succeeded)), Some(succeeded)),
        (0, missed, _) => (of(missed, all, word(StatusFilter::Missed)), Some(StatusFilter::Missed)),
        (failed, 0, _) => (of(failed, all, word(ItemLabel::Failed)), Some(ItemLabel::Failed.into())),
        (failed, missed, _) => (of(failed + missed, all, word(StatusFilter::Errors)), Some(StatusFilter::Errors)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::bar::number;

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
            let (text, of) = what(&counters);
            assert!(of.is_some_and(|of| text.starts_with(&format::count(number(&counters, of).into()))), "{text}");
            text
        };
        assert_eq!(said(0, 0, 0), "1,000 / 1,000 files");
        assert_eq!(said(2, 0, 0), "2 of 1,000 failed");
        assert_eq!(said(0, 3, 0), "3 of 1,000 missed");
        assert_eq!(said(2, 3, 1), "5 of 1,000 failed or missed");
        assert_eq!(said(0, 0, 600), "400 of 1,000 done");
    }

    #[test]
    fn the_number_of_failed_files_leads_to_those_files() {
        let of = |failed, missed| what(&Counters { failed, missed, ..Counters::default() }).1.map(StatusFilter::name);
        assert_eq!([of(0, 0), of(2, 0), of(0, 3), of(2, 3)], [None, Some("failed"), Some("missed"), Some("errors")]);
    }
}
