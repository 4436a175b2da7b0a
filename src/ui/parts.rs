//! Small parts that know nothing of pages: they take data and show it.

mod controls;
mod error;
pub(super) mod focus;
pub(super) mod format;
mod link;
pub(super) mod near;

use leptos::prelude::*;

use headway_model::JobStatus;

pub(super) use controls::Controls;
pub(super) use error::{ErrorPage, ErrorView};
pub(super) use link::{LinkBadge, NotRecording};

/// A status as a coloured word.
#[component]
pub(super) fn StatusBadge(
    /// The status.
    #[prop(into)]
    status: Signal<JobStatus>,
) -> impl IntoView {
    view! { <span class="status-badge" data-status=move || status.get().label()>{move || status.get().text()}</span> }
}

/// Why an item was skipped or failed: the reason, and the words for it if there are any.
pub(super) fn why(reason: Option<String>, message: Option<String>) -> Option<String> {
    let message = message.filter(|text| !text.is_empty());
    reason.map(|reason| message.map(|message| format!("{reason}: {message}")).unwrap_or(reason))
}

/// A moment: exact for machines and on hover.
#[component]
pub(super) fn Time(
    /// Milliseconds since 1970.
    at: u64,
) -> impl IntoView {
    let text = format::date(at);
    view! { <time datetime=format::date_iso(at)>{text}</time> }
}
