//! The ways to the other pages of a list, for browsers without JavaScript, and which rows are here.

use leptos::prelude::*;

use crate::ui::library::address;
use crate::ui::library::scrolled::Scrolled;
use crate::ui::parts::format::count;
use headway_model::library::{FolderView, RowKey};

/// Which rows are here, and the ways to the others.
#[component]
pub(super) fn Pages(
    /// What the list shows.
    view: FolderView,
    /// How many rows come before the list.
    first: u64,
    /// How many rows came with the page.
    read: usize,
    total: u64,
    previous: Option<RowKey>,
    next: Option<RowKey>,
    scrolled: Scrolled,
) -> impl IntoView {
    // Once the page is alive, all rows from the first one on can be reached by scrolling.
    let is_live = scrolled.is_live;
    let place = move || {
        let last = if is_live.get() { total } else { first + read as u64 };
        format!("{}–{} of {}", count(first + 1), count(last), count(total))
    };
    let previous = previous.map(|key| {
        let to = address(&FolderView { before: Some(key), ..view.from_start() });
        view! { <a href=to rel="prev">"← Previous"</a> }
    });
    let next = next.map(|key| {
        let to = address(&view.behind(key));
        view! { <a href=to rel="next" hidden=move || is_live.get()>"Next →"</a> }
    });
    view! {
        <nav class="ui-pages" aria-label="Pages of this list">
            {previous} <span>{place}</span> {next}
        </nav>
    }
    .into_any()
}
