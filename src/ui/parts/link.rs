//! The state of the page's link to the server, and what is wrong with the server.

use leptos::prelude::*;

use crate::live::Live;

const CROWDED: &str = "Other tabs use this browser's connections to the server, so this one asks once a second.";

/// The link's state, as a word and a dot. On a page whose program does not run it says "not live";
/// `document/alive.js` and the style sheet decide that, not this program.
#[component]
pub(crate) fn LinkBadge() -> impl IntoView {
    let live = expect_context::<Live>();
    let text =
        move || live.link.with(|link| if live.crowded.get() { format!("{link}, polling") } else { link.to_string() });
    let title = move || if live.crowded.get() { CROWDED } else { "The link to the server" };
    view! {
        <span class="link-badge" data-link=move || live.link.with(|link| link.label()) title=title>
            <span class="link-badge-word">{text}</span>
        </span>
    }
}

/// The sentence on every page once the log cannot be written.
#[component]
pub(crate) fn NotRecording() -> impl IntoView {
    let live = expect_context::<Live>();
    move || {
        (!live.recording.get()).then(|| {
            view! {
                <p class="page-banner" role="alert">
                    "The server cannot write its event log: nothing new is recorded, and jobs stand still. "
                    "Make room on its data folder's disk, then restart Headway; jobs go on where they were."
                </p>
            }
        })
    }
}

/// The sentence on every page while the server has given up work of its own.
#[component]
pub(crate) fn LeavesOut() -> impl IntoView {
    let live = expect_context::<Live>();
    move || live.given_up.get().map(|text| view! { <p class="page-banner" role="status">{text}</p> })
}
