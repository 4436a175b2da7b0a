//! The bar of a job, divided by outcome: for Headway's own pages and for those of other apps, each with its own classes.

use leptos::prelude::*;

use headway_model::Counters;
use headway_model::bar::{PARTS, WHOLE, segments};

/// A bar that a screen reader can read. The drawing is inside.
#[component]
pub(crate) fn ProgressBar(
    class: &'static str,
    #[prop(into)] counters: Signal<Counters>,
    /// Whether the files are still being listed. Until then their number so far is not the total.
    #[prop(into)]
    is_listing: Signal<bool>,
    /// What the bar means in words.
    #[prop(into)]
    words: Signal<String>,
    /// The drawing.
    children: Children,
) -> impl IntoView {
    let some = move |number: fn((u32, u32)) -> u32| {
        (!is_listing.get()).then(|| number(counters.with(Counters::work)).to_string())
    };
    view! {
        <div
            class=class
            role="progressbar"
            aria-label="Files done"
            aria-valuemin="0"
            aria-valuemax=move || some(|(_, all)| all)
            aria-valuenow=move || some(|(done, _)| done)
            aria-valuetext=move || words.get()
            data-listing=move || is_listing.get().then_some("true")
        >
            {children()}
        </div>
    }
}

/// The drawing: its parts, without words. The text beside it says what they mean.
#[component]
pub(crate) fn OutcomeParts(
    /// The class of the whole, and that of each part.
    class: &'static str,
    part_class: &'static str,
    /// The files.
    #[prop(into)]
    counters: Signal<Counters>,
) -> impl IntoView {
    let parts = Memo::new(move |_| counters.with(segments));
    let part = move |at: usize| {
        let x = move || parts.with(|parts| parts[at].0.to_string());
        let width = move || parts.with(|parts| parts[at].1.to_string());
        view! { <rect class=part_class data-status=PARTS[at].name() height="10" x=x width=width></rect> }
    };
    drawing(class, (0..PARTS.len()).map(part).collect_view())
}

/// A drawing of these parts, from left to right.
pub(crate) fn drawing(class: &'static str, parts: impl IntoView) -> impl IntoView {
    view! {
        <svg class=class viewBox=format!("0 0 {WHOLE} 10") preserveAspectRatio="none" aria-hidden="true">
            {parts}
        </svg>
    }
}
