//! Small components that know nothing about pages: they take data and show it.

pub(super) mod condition_words;
mod controls;
pub(super) mod copy;
mod disclosure;
mod error;
pub(super) mod focus;
pub(super) mod format;
mod icon;
mod link;
pub(super) mod long_list;
mod marks;
pub(super) mod policy_words;
mod rights;
mod sizes;
mod skipped;
pub(super) mod words;
mod zone;

use leptos::prelude::*;

use headway_model::{FailReason, JobStatus};

pub(super) use controls::Controls;
pub(super) use disclosure::Disclosure;
pub(super) use error::{ErrorPage, ErrorView, TryAgain};
pub(super) use icon::Icon;
pub(super) use link::{LeavesOut, LinkBadge, NotRecording, link_text};
pub use marks::Marks;
pub(super) use marks::marks;
pub(super) use rights::{ReadsOnly, may_act, rights};
pub(super) use sizes::with_sizes;
pub(super) use skipped::{SkippedFor, skip_reasons};
pub(super) use zone::Zone;

/// A status as a coloured word. The reason is a sentence beside it.
#[component]
pub(super) fn StatusBadge(
    /// The status.
    #[prop(into)]
    status: Signal<JobStatus>,
    /// Its word.
    #[prop(into)]
    word: Signal<String>,
) -> impl IntoView {
    view! { <span class="status-badge" data-status=move || status.get().label()>{move || word.get()}</span> }
}

/// Why an item was skipped or failed: the reason, and the message if there is one.
pub(super) fn why(reason: Option<String>, message: Option<String>) -> Option<String> {
    let message = message.filter(|text| !text.is_empty());
    let reason = reason.filter(|reason| !FailReason::adds_nothing(reason));
    match (reason, message) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
        (reason, message) => reason.or(message),
    }
}

/// A time in the reader's time zone.
#[component]
pub(super) fn LocalTime(
    /// Milliseconds since 1970.
    at: u64,
) -> impl IntoView {
    let zone = Zone::here();
    view! { <time datetime=format::date_iso(at)>{move || zone.date(at)}</time> }
}
