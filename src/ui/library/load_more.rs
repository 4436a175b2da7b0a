//! The end of the rows read so far: when it comes near the screen, the next window is read. Without JavaScript it is
//! a pair of links.

use leptos::html;
use leptos::prelude::*;

use super::address;
use super::window::Scrolled;
use crate::api;
use crate::live::Live;
use crate::ui::parts::format::{count, sentence};
use crate::ui::parts::visibility;
use headway_model::ApiError;
use headway_model::library::{Entry, FolderPage, FolderView, RowKey};

/// Reads this many rows of a view, or all if there are fewer, as one window. The first read is exactly what the view
/// asks for, because a longer window that ends before a given row would begin elsewhere. For the rest, the server
/// limits each read.
pub(super) async fn rows(view: FolderView, refresh: bool, rows: usize) -> Result<FolderPage, ApiError> {
    let mut page = api::folder(view.clone(), refresh).await?;
    while page.entries.len() < rows
        && let Some(after) = page.next.take()
    {
        let limit = u32::try_from(rows - page.entries.len()).unwrap_or(u32::MAX);
        let more = api::folder(FolderView { limit, ..view.behind(after) }, false).await?;
        page.entries.extend(more.entries);
        (page.next, page.total) = (more.next, more.total);
    }
    Ok(page)
}

/// The part of a list that is not read yet. Copy it freely.
#[derive(Clone, Copy)]
struct RestOfList {
    next: RwSignal<Option<RowKey>>,
    total: RwSignal<u64>,
    /// The rows read so far.
    entries: RwSignal<Vec<Entry>>,
    reading: RwSignal<bool>,
    /// Why the last window could not be read.
    wrong: RwSignal<Option<ApiError>>,
}

impl RestOfList {
    /// Reads the next window whenever the end of the rows comes near the screen.
    fn follow(self, end: NodeRef<html::Nav>, view: FolderView) {
        let RestOfList { next, reading, wrong, .. } = self;
        let is_near = RwSignal::new(false);
        Effect::new(move |_| {
            if let Some(end) = end.get() {
                visibility::watch(&end, move |is| is_near.set(is));
            }
        });
        Effect::new(move |_| {
            if is_near.get()
                && !reading.get()
                && wrong.with(Option::is_none)
                && let Some(after) = next.get()
            {
                self.read(view.behind(after));
            }
        });
    }

    /// Reads this window.
    fn read(self, view: FolderView) {
        let RestOfList { next, total, entries, reading, wrong } = self;
        reading.set(true);
        leptos::task::spawn_local(async move {
            // Another view might be shown by now; then the rows are dropped.
            match api::folder(view, false).await {
                Ok(page) => {
                    entries.try_update(|entries| entries.extend(page.entries));
                    next.try_set(page.next);
                    total.try_set(page.total);
                }
                Err(error) => drop(wrong.try_set(Some(error))),
            }
            reading.try_set(false);
        });
    }
}

/// How much of a list has been read, and the way to the rest.
#[component]
pub(super) fn LoadMore(
    /// What the list shows.
    view: FolderView,
    /// How many rows come before the first one read.
    first: u64,
    previous: Option<RowKey>,
    next: RwSignal<Option<RowKey>>,
    total: RwSignal<u64>,
    entries: RwSignal<Vec<Entry>>,
    scrolled: Scrolled,
) -> impl IntoView {
    let nav = NodeRef::<html::Nav>::new();
    let (reading, wrong) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    expect_context::<Live>().heals(wrong);
    RestOfList { next, total, entries, reading, wrong }.follow(nav, view.clone());
    Effect::new(move |_| scrolled.grown(entries.with(Vec::len)));
    let place = move || {
        let last = first + entries.with(Vec::len) as u64;
        format!("{}–{} of {}", count(first + 1), count(last), count(total.get()))
    };
    let previous = previous.map(|key| {
        let to = address(&FolderView { before: Some(key), ..view.from_start() });
        view! { <a href=to rel="prev">"← Previous"</a> }
    });
    let onward = move || {
        let to = address(&view.behind(next.get()?));
        Some(view! { <a href=to rel="next">"Next →"</a> })
    };
    let failed = move || {
        let error = wrong.get()?;
        let again = move |_| wrong.set(None);
        Some(
            view! { <span class="ui-error" role="alert">{sentence(&error.to_string())} " " <button class="ui-quiet" on:click=again>"Try again"</button></span> },
        )
    };
    view! {
        <nav class="ui-pages" aria-label="Pages of this list" node_ref=nav aria-busy=move || reading.get().then_some("true")>
            {previous} <span>{place}</span> {onward} {failed}
        </nav>
    }
}
