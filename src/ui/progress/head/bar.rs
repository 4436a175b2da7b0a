//! The progress bar: how much of a job is done, and how fast it goes.

use leptos::prelude::*;

use super::Summary;
use super::speed::speed;
use crate::leptos::bar::{OutcomeParts, ProgressBar, drawing};
use crate::live::Live;
use crate::ui::parts::format;
use headway_model::bar::{PARTS, segments};
use headway_model::item::ItemLabel;
use headway_model::{Counters, JobSummary};

/// The bar, divided by outcome, with its numbers below.
#[component]
pub(super) fn Bar(summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    // While files are being listed, their number so far is not the total.
    let listing = Memo::new(move |_| {
        let is = |summary: &JobSummary| summary.listing && !summary.status.is_terminal();
        summary.with(|summary| summary.as_ref().is_some_and(is))
    });
    // A plan has nothing to do yet, or ever.
    let plan = Memo::new(move |_| summary.with(|summary| summary.as_ref().and_then(format::planned)));
    let percent = move || {
        let percent = summary.with(|summary| summary.as_ref().and_then(format::percent));
        percent.filter(|_| plan.with(Option::is_none))
    };
    let words = Memo::new(move |_| summary.with(|summary| summary.as_ref().map(words).unwrap_or_default()));
    let speed = move || summary.with(|summary| summary.as_ref().map(|summary| speed(summary, live.known.get())));
    let shown =
        Signal::derive(
            move || if listing.get() || plan.with(Option::is_some) { Counters::default() } else { counters.get() },
        );
    view! {
        <ProgressBar class="progress-bar" counters is_listing=listing words>
            <Outcomes counters=shown />
        </ProgressBar>
        <p class="head-numbers">
            <strong class="head-done">{move || words.get()}</strong>
            <span class="head-percent">{move || percent().map(|percent| format!("{percent} %"))}</span>
            <span class="ui-grow"></span>
            <span class="head-speed">{speed}</span>
        </p>
    }
}

/// How much of a job is done, in words; of a plan, how much it would do.
pub(super) fn words(summary: &JobSummary) -> String {
    // While files are being listed, their number so far is not the total.
    if summary.listing && !summary.status.is_terminal() {
        return format!("Listing files: {} so far", format::count(summary.counters.files().into()));
    }
    format::planned(summary).unwrap_or_else(|| format::files(&summary.counters))
}

/// The parts of a bar, without words; the text beside it says what they mean.
#[component]
pub(super) fn Outcomes(
    /// The files.
    counters: Signal<Counters>,
) -> impl IntoView {
    view! { <OutcomeParts class="outcome-bar" part_class="outcome-bar-part" counters /> }
}

/// The parts of the bar of a finished job, which no longer changes.
pub(in crate::ui) fn outcomes(counters: &Counters) -> impl IntoView + use<> {
    let parts = PARTS.into_iter().zip(segments(counters)).filter(|(_, (_, width))| *width > 0);
    let part = |(label, (x, width)): (ItemLabel, _)| view! { <rect class="outcome-bar-part" data-status=label.name() height="10" x=x width=width></rect> };
    drawing("outcome-bar", parts.map(part).collect_view())
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::JobStatus;
    use headway_model::testing::summary;

    #[test]
    fn a_plan_says_what_it_would_do_and_a_list_of_files_that_grows_is_no_total() {
        let plan = Counters { total: 103, waiting: 9, skipped: 94, skipped_in_plan: 94, ..Counters::default() };
        assert_eq!(words(&summary(JobStatus::Planned, plan)), "9 files planned");
        assert_eq!(words(&summary(JobStatus::Processing, plan)), "0 / 9 files");
        let listing = JobSummary { listing: true, ..summary(JobStatus::Processing, plan) };
        assert_eq!(words(&listing), "Listing files: 103 so far");
    }
}
