//! The state of the page's link to the server, and what is wrong with the server.

use leptos::prelude::*;

use crate::live::Live;
use headway_model::follow::LinkState;

const CROWDED: &str = "Other tabs use this browser's connections to the server, so this one asks once a second.";

/// The link's state, as a word and a dot. On a page whose program does not run it says "not live";
/// `document/alive.js` and the style sheet decide that, not this program.
#[component]
pub(crate) fn LinkBadge() -> impl IntoView {
    let live = expect_context::<Live>();
    let text = move || match link_text(live) {
        text if live.crowded.get() => format!("{text}, polling"),
        text => text,
    };
    let title = move || if live.crowded.get() { CROWDED } else { "The link to the server" };
    view! {
        <span class="link-badge" data-link=move || live.link.with(|link| link.label()) title=title>
            <span class="link-badge-word">{text}</span>
        </span>
    }
}

/// The words for the link. They are the same however the link was lost, with the time since everything was known.
pub(in crate::ui) fn link_text(live: Live) -> String {
    let lost_for = live.silent.get().map(|known| live.clock.get().saturating_sub(known) / 1_000);
    live.link.with(|link| match (link, lost_for) {
        (LinkState::Connecting | LinkState::Silent(_), Some(seconds)) => LinkState::Silent(seconds).to_string(),
        (link, _) => link.to_string(),
    })
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
                    "Its own log says why; often a disk is full, and room must be made. Then restart Headway; jobs go on where they were."
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
