//! The progress bar: how much of a job is done, and how fast it goes.

use leptos::prelude::*;

use super::Summary;
use super::pace::pace;
use crate::base::to;
use crate::live::Live;
use crate::ui::parts::format;
use headway_model::bar::{PARTS, WHOLE, segments};
use headway_model::{Counters, JobId, JobSummary};

/// The bar, divided by outcome, with its numbers below.
#[component]
pub(super) fn Bar(job: JobId, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    // While files are being listed, their number so far is not the total.
    let listing = Memo::new(move |_| {
        let is = |summary: &JobSummary| summary.listing && !summary.status.is_terminal();
        summary.with(|summary| summary.as_ref().is_some_and(is))
    });
    let some = move |number: fn((u32, u32)) -> u32| {
        (!listing.get()).then(|| number(counters.with(Counters::work)).to_string())
    };
    let percent = move || summary.with(|summary| summary.as_ref().and_then(format::percent));
    let words = move || {
        if listing.get() {
            return format!(
                "Listing files: {} so far",
                format::count(counters.with(|counters| counters.files()).into())
            );
        }
        counters.with(format::files)
    };
    let left_out = move || counters.with(format::left_out);
    let pace = move || summary.with(|summary| summary.as_ref().map(|summary| pace(summary, live.known.get())));
    let shown = Signal::derive(move || if listing.get() { Counters::default() } else { counters.get() });
    view! {
        <div
            class="progress-bar"
            role="progressbar"
            aria-label="Files done"
            aria-valuemin="0"
            aria-valuemax=move || some(|(_, all)| all)
            aria-valuenow=move || some(|(done, _)| done)
            aria-valuetext=words
            data-listing=move || listing.get().then_some("true")
        >
            <Outcomes counters=shown />
        </div>
        <p class="head-numbers">
            <strong class="head-done">{words}</strong>
            <span class="head-percent">{move || percent().map(|percent| format!("{percent} %"))}</span>
            <a class="head-left-out" hidden=move || left_out().is_none() href=to(&format!("/jobs/{job}?status=skipped"))>{left_out}</a>
            <span class="grow"></span>
            <span class="head-pace">{pace}</span>
        </p>
    }
}

/// The parts of a bar, without words; the text beside it says what they mean.
#[component]
pub(super) fn Outcomes(
    /// The files.
    counters: Signal<Counters>,
) -> impl IntoView {
    let parts = Memo::new(move |_| counters.with(segments));
    let part = move |at: usize| {
        let x = move || parts.with(|parts| parts[at].0.to_string());
        let width = move || parts.with(|parts| parts[at].1.to_string());
        view! { <rect class="outcome-bar-part" data-status=PARTS[at] height="10" x=x width=width></rect> }
    };
    svg((0..PARTS.len()).map(part).collect_view())
}

/// The same for a finished job, which no longer changes.
pub(in crate::ui) fn outcomes(counters: &Counters) -> impl IntoView + use<> {
    let parts = PARTS.into_iter().zip(segments(counters)).filter(|(_, (_, width))| *width > 0);
    let part = |(status, (x, width))| view! { <rect class="outcome-bar-part" data-status=status height="10" x=x width=width></rect> };
    svg(parts.map(part).collect_view())
}

fn svg(parts: impl IntoView) -> impl IntoView {
    view! {
        <svg class="outcome-bar" viewBox=format!("0 0 {WHOLE} 10") preserveAspectRatio="none" aria-hidden="true">
            {parts}
        </svg>
    }
}
