//! How many items stand where.

use leptos::prelude::*;

use super::Summary;
use crate::ui::parts::format;
use headway_model::Counters;

/// A number for each status an item can have.
#[component]
pub(super) fn Counts(summary: Summary) -> impl IntoView {
    let counters = Memo::new(move |_| {
        summary.with(|summary| summary.as_ref().map(|summary| summary.counters).unwrap_or_default())
    });
    let row = move |word: &'static str, number: fn(&Counters) -> u32| {
        view! {
            <div class="count" data-status=word data-zero=move || (number(&counters.get()) == 0).then_some("true")>
                <dt>{word}</dt>
                <dd>{move || format::count(number(&counters.get()).into())}</dd>
            </div>
        }
    };
    view! {
        <dl class="counts">
            {row("succeeded", |counters| counters.succeeded)}
            {row("failed", |counters| counters.failed)}
            {row("skipped", |counters| counters.skipped)}
            {row("cancelled", |counters| counters.cancelled)}
            {row("running", |counters| counters.running)}
            {row("waiting", |counters| counters.waiting)}
            {row("interrupted", |counters| counters.interrupted)}
        </dl>
    }
}
