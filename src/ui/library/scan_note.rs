//! The age of the list.

use leptos::prelude::*;

use crate::ui::parts::format::{count, counted};
use crate::ui::parts::{LocalTime, may_act};
use headway_model::Millis;
use headway_model::library::{ScanProgress, Unread};

/// The age of the list, and how far the disk has been read.
#[component]
pub(super) fn ScanNote(
    seen: Option<Millis>,
    progress: Option<ScanProgress>,
    unread: Option<Unread>,
    scan: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let reading = progress.map(|progress| {
        let text = format!(
            "Reading the disk: {} in {} so far…",
            counted(progress.entries, "entry", "entries"),
            counted(progress.folders, "folder", "folders")
        );
        view! { <span class="library-reading" role="status">{text}</span> }
    });
    let age = match seen {
        Some(at) => view! { <span>"As of " <LocalTime at /></span> }.into_any(),
        None => view! { <span>"Still reading the folder for the first time"</span> }.into_any(),
    };
    let unread = unread.map(|unread| {
        let first = unread.first.shown().to_string();
        let what = match unread.folders {
            1 => format!("The folder {first} could not be read"),
            many => format!("{} folders could not be read, {first} the first of them", count(many)),
        };
        view! { <span class="ui-error" role="status">{what} "; what was known about it is shown."</span> }
    });
    view! {
        <p class="library-scan">
            // First, because the words behind it grow.
            {may_act().then(|| view! { <button class="ui-quiet" disabled=progress.is_some() on:click=move |_| scan()>"Refresh"</button> })}
            {age} {reading} {unread}
        </p>
    }
}
