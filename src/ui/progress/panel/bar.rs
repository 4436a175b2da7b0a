//! How much of a job is done, and how fast it goes.

use std::sync::Arc;

use leptos::prelude::*;

use super::Summary;
use super::pace::{Heard, pace};
use crate::ui::live::{JobState, Live};
use crate::ui::parts::format;
use headway_model::summary::Start;

/// The bar, with its numbers below.
#[component]
pub(super) fn Bar(state: Memo<Option<Arc<JobState>>>, summary: Summary) -> impl IntoView {
    let live = expect_context::<Live>();
    let made = use_context::<Start>().map_or(0, |start| start.now);
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    // While files are listed, their number says nothing of how many there are.
    let listing = Memo::new(move |_| {
        let is = |summary: &headway_model::JobSummary| summary.listing && !summary.status.is_terminal();
        summary.with(|summary| summary.as_ref().is_some_and(is))
    });
    // What the plan left to be done: a job that has not begun stands at nothing, and one that had nothing to do at its end.
    let numbers = Memo::new(move |_| {
        let is_over = summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.status.is_terminal()));
        counters.with(|counters| match counters.total - counters.skipped_in_plan {
            0 if is_over => (1, 1),
            all => (counters.done() - counters.skipped_in_plan, all),
        })
    });
    let some = move |number: fn((u32, u32)) -> u32| (!listing.get()).then(|| number(numbers.get()).to_string());
    let percent = move || if listing.get() { None } else { counters.with(headway_model::Counters::percent) };
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
    let is_heard = Memo::new(move |_| live.link.with(|link| link.is_heard()));
    let pace = move || {
        let clock = live.clock.get();
        let checked = state.with(|state| state.as_ref().and_then(|state| state.proof.checked)).unwrap_or_default();
        let heard = Heard { clock, checked, made, is_heard: is_heard.get() };
        summary.with(|summary| summary.as_ref().map(|summary| pace(summary, heard)))
    };
    // Each tenth is told to a screen reader, not each file.
    let told = Memo::new(move |_| {
        let tenths = percent().map(|percent| percent / 10 * 10);
        let status = summary.with(|summary| summary.as_ref().map(|summary| summary.status.text()));
        match (status, tenths) {
            (Some(status), Some(tenths)) => format!("{status}, {tenths} %"),
            (Some(status), None) => status,
            _ => String::new(),
        }
    });
    view! {
        <progress
            class="progress-bar"
            role="progressbar"
            max=move || some(|(_, all)| all.max(1))
            value=move || some(|(done, _)| done)
            aria-label="Files done"
            aria-valuemin="0"
            aria-valuemax=move || some(|(_, all)| all)
            aria-valuenow=move || some(|(done, _)| done)
            aria-valuetext=words
            data-status=move || summary.with(|summary| summary.as_ref().map(|summary| summary.status.label()))
        ></progress>
        <p class="numbers">
            <strong class="done">{words}</strong>
            <span class="percent">{move || percent().map(|percent| format!("{percent} %"))}</span>
            <span class="left-out">{left_out}</span>
            <span class="grow"></span>
            <span class="pace">{pace}</span>
        </p>
        <p class="told" aria-live="polite">{move || told.get()}</p>
    }
}
