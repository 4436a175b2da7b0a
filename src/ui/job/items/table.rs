//! The list's rows: those near the screen.

use leptos::prelude::*;

use super::address::ItemsAddress;
use super::list::ItemsList;
use super::read::ReadItems;
use super::row::ItemRow;
use super::row_cursor::RowCursor;
use super::texts::Texts;
use super::window::{ItemsWindow, Known, ShownItem};
use super::{First, ITEMS_PER_PAGE};
use crate::live::Live;
use crate::ui::parts::long_list::{RowPositions, Scroll};
use crate::ui::parts::{format, words};
use headway_model::{JobId, StartJob};

#[component]
pub(super) fn Table(
    job: JobId,
    first: First,
    address: Memo<ItemsAddress>,
    opened: Memo<Option<u32>>,
    list: ItemsList,
    texts: Texts,
    /// Files that are named elsewhere on the page.
    named: Signal<Vec<u32>>,
    request: StoredValue<Option<StartJob>>,
    /// Whether the rows come from the fold.
    followed: RwSignal<bool>,
    /// Whether the job's list of files is complete.
    is_listed: Memo<bool>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let First { address: read_at, page, .. } = first;
    let read = ReadItems::new(job, read_at, &page);
    texts.take(texts.call(), page.map(|page| page.items).unwrap_or_default());
    let scroll = Scroll::new();
    let total =
        Memo::new(move |_| list.with(|fold, status, these| fold.listed(status, these, 0, 0).total).unwrap_or_default());
    let place = scroll.place(total);
    let known = known_rows(list, read, address, place);
    let is_long = Memo::new(move |_| known.with(|known| known.window().is_some_and(|window| window.total.is_some())));
    scroll.follow(place);
    let is_folded = Memo::new(move |_| known.with(|known| known.window().is_some_and(|window| window.is_folded)));
    Effect::new(move |_| followed.set(is_folded.get()));
    texts.follow(Memo::new(move |_| with_others(known, list, opened.get().into_iter().chain(named.get()))));
    read.follow(live, address, is_folded, texts);
    let is_reading = move || known.with(|known| *known == Known::Reading);
    let is_empty = Memo::new(move |_| known.with(|known| known.window().is_some_and(|window| window.rows.is_empty())));
    let wrong = move || wrong(known, texts);
    let cursor = RowCursor::new(known, scroll);
    let onward = move || {
        let next = known.with(|known| known.window().and_then(|window| window.next))?;
        Some(view! { <a href=address.with(|address| address.behind(job, next))>"Next →"</a> })
    };
    // A short page has no more than its rows.
    scroll.keep_height(Memo::new(move |_| if is_long.get() { place.get() } else { RowPositions::default() }));
    view! {
        <p class="ui-error" role="alert">{wrong}</p>
        <p class="ui-loading" role="status" hidden=move || !is_reading()>"Reading the files…"</p>
        <p class="ui-hint" hidden=move || !is_empty.get()>{move || nothing(address, is_listed)}</p>
        <div class="items-whole" node_ref=scroll.whole>
            <ItemRows job address opened known cursor scroll texts request />
        </div>
        <nav class="ui-pages" aria-label="Pages of files">{onward}</nav>
    }
    .into_any()
}

/// The rows that are in the page, under the names of their columns.
#[component]
fn ItemRows(
    job: JobId,
    address: Memo<ItemsAddress>,
    opened: Memo<Option<u32>>,
    known: Memo<Known>,
    /// The row that the keyboard is on.
    cursor: RowCursor,
    scroll: Scroll,
    texts: Texts,
    request: StoredValue<Option<StartJob>>,
) -> impl IntoView {
    let has_rows = Memo::new(move |_| known.with(|known| !known.rows().is_empty()));
    let rows = move || known.with(|known| known.rows().iter().map(|row| row.item).collect::<Vec<_>>());
    let row = move |item| {
        let row = Memo::new(move |_| known.with(|known| row_of(known, item)));
        let number = Memo::new(move |_| row.with(|(number, _)| *number));
        let row = Memo::new(move |_| row.with(|(_, row)| row.clone()));
        let is_at = Memo::new(move |_| cursor.is_at(number.get()));
        let is_open = Memo::new(move |_| opened.get() == Some(item));
        let href = Signal::derive(move || address.with(|address| address.opening(job, item)));
        view! { <ItemRow job row number is_at is_open href text=texts.of(item) request /> }
    };
    let number = move || {
        known.with(|known| known.window().map_or(-1, |window| window.total.map_or(-1, |all| i64::from(all) + 1)))
    };
    view! {
        <table class="ui-listing items" role="grid" aria-label="Files" aria-rowcount=number hidden=move || !has_rows.get() on:keydown=move |event| cursor.pressed(&event) on:focusin=move |event| cursor.focused(&event)>
            <thead>
                <tr>
                    <th scope="col">"File"</th>
                    <th scope="col" class="items-size">"Size"</th>
                    <th scope="col" class="items-state">"Status"</th>
                    <th scope="col" class="items-result">"Result"</th>
                </tr>
            </thead>
            <tbody class="ui-room" aria-hidden="true" node_ref=scroll.room[0]></tbody>
            <tbody>
                <For each=rows key=|item| *item children=row />
            </tbody>
            <tbody class="ui-room" aria-hidden="true" node_ref=scroll.room[1]></tbody>
        </table>
    }
    .into_any()
}

/// Why the list is empty.
fn nothing(address: Memo<ItemsAddress>, is_listed: Memo<bool>) -> &'static str {
    let (is_search, status) = address.with(|address| (address.filter.name.is_some(), address.filter.status));
    match (is_search, is_listed.get()) {
        (true, _) => "No file has this in its name.",
        (false, false) => "No file is listed yet.",
        (false, true) => words::none(status),
    }
}

/// What is known of the rows at this address, and where the list is scrolled to.
fn known_rows(list: ItemsList, read: ReadItems, address: Memo<ItemsAddress>, place: Memo<RowPositions>) -> Memo<Known> {
    // Show what was read until the job is followed, because a page must show what the server rendered until it is
    // hydrated.
    Memo::new(move |_| {
        let address = address.get();
        if !list.is_folded() {
            return read.at(&address);
        }
        let window = match address.after {
            // A page that the address asks for stays that page.
            Some(after) => list.with(|fold, status, these| match these {
                Some(these) => fold.window_of(these, status, Some(after), ITEMS_PER_PAGE as usize).into(),
                None => fold.window(status, Some(after), ITEMS_PER_PAGE as usize).into(),
            }),
            None => {
                let RowPositions { first, rows, .. } = place.get();
                let part = |listed| ItemsWindow::part(listed, first);
                list.with(|fold, status, these| part(fold.listed(status, these, first, rows as usize)))
            }
        };
        match (window, list.wrong()) {
            (Some(window), _) => Known::Rows(window),
            (None, Some(error)) => Known::Failed(error),
            (None, None) => Known::Reading,
        }
    })
}

/// The row of an item, with its number in the list.
fn row_of(known: &Known, item: u32) -> (u32, ShownItem) {
    let rows = known.rows();
    let at = rows.binary_search_by_key(&item, |row| row.item);
    let first = known.first();
    at.map_or_else(|_| (0, ShownItem::gone(item)), |at| (first + at as u32, rows[at].clone()))
}

/// The rows that are shown, and these items, which are shown elsewhere on the page.
fn with_others(known: Memo<Known>, list: ItemsList, others: impl Iterator<Item = u32>) -> Vec<ShownItem> {
    let mut rows = known.with(|known| known.rows().to_vec());
    for item in others {
        if rows.iter().all(|row| row.item != item) {
            rows.extend(list.with(|fold, _, _| fold.row(item)).flatten().map(ShownItem::from));
        }
    }
    rows
}

/// Why the rows or their texts could not be read.
fn wrong(known: Memo<Known>, texts: Texts) -> Option<String> {
    let failed = known.with(|known| match known {
        Known::Failed(error) => Some(error.clone()),
        Known::Reading | Known::Rows(_) => None,
    });
    failed.or_else(|| texts.wrong.get()).map(|error| format::sentence(&error.to_string()))
}
