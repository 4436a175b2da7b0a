//! The rows, and their order.

mod empty;
mod pages;
mod select;

use leptos::prelude::*;

use super::entry::EntryRow;
use super::read_rows::ReadRows;
use super::reading::{RowReader, rows_of};
use super::scrolled::Scrolled;
use super::{Selection, address};
use crate::live::Live;
use crate::ui::parts::format::{count, sentence};
use crate::ui::parts::{Zone, may_act};
use empty::{NotListed, Nothing};
use headway_model::ApiError;
use headway_model::library::{Entry, FolderPage, FolderView, Sort, Under};
use pages::Pages;
use select::{ListedRows, files};

/// The list, with room for all of its rows. Those near the screen are in the page.
#[component]
pub(super) fn Listing(
    page: FolderPage,
    /// The rows near the screen, if these are not the first ones of the page.
    near: Vec<Entry>,
    /// The number of the first of them.
    near_at: u32,
    view: FolderView,
    selected: RwSignal<Selection>,
    scrolled: Scrolled,
    /// Reads the list again.
    again: Callback<()>,
) -> impl IntoView {
    let left_out = page.left_out;
    if page.total == 0 {
        return view! { <Nothing view is_reading=page.scan.is_some() /> <NotListed left_out /> }.into_any();
    }
    // A selection is useful only if the page can start jobs.
    let can_select = may_act();
    let FolderPage { first, previous, next, under, entries, total: all_rows, files: file_rows, .. } = page;
    let rows_are = pages::rows_are(all_rows, file_rows, under.files);
    let pages =
        view! { <Pages view=view.clone() first read=entries.len() total=all_rows rows_are previous next scrolled /> };
    let total = rows_of(all_rows, first);
    let reader = RowReader {
        view: StoredValue::new(view.clone()),
        first,
        rows: RwSignal::new(ReadRows::new(total, entries, near_at, near)),
        again,
    };
    let library = StoredValue::new(view.library.clone());
    let wrong = RwSignal::new(None::<ApiError>);
    let rows = ListedRows { library, reader, selected, scrolled, wrong, can_select };
    let all = Memo::new(move |_| rows.are_all_selected());
    let columns = view! { <Columns view=view.clone() rows all /> }.into_any();
    let offer = {
        let view = view.clone();
        move || {
            let is_whole = all.get() && selected.with(|selected| matches!(selected, Selection::Files(..)));
            // More than these rows: rows that are not read yet, or files in subfolders.
            let more = under.files > reader.rows.with(|rows| files(rows).count()) as u64;
            (is_whole && more).then(|| view! { <Offer view=view.clone() under selected /> })
        }
    };
    view! {
        <div node_ref=scrolled.scroll.whole>
            {offer}
            // Most rows are not in the page, so the table states their number. It has the focus while a row is read.
            <table class="ui-listing library-list" role="grid" tabindex="-1" aria-multiselectable=can_select.then_some("true") aria-rowcount=all_rows + 1 on:keydown=move |event| rows.pressed(&event)>
                {columns}
                <EntryRows rows view total />
            </table>
            <RowsNote rows />
        </div>
        {pages}
        <NotListed left_out />
    }
    .into_any()
}

/// The rows near the screen, and the room for all others.
#[component]
fn EntryRows(rows: ListedRows, view: FolderView, total: u32) -> impl IntoView {
    let ListedRows { reader, selected, scrolled, .. } = rows;
    let scroll = scrolled.scroll;
    let place = scroll.place(Memo::new(move |_| total));
    let shown = Memo::new(move |_| {
        let place = place.get();
        scroll.part(place, reader.rows.with(|rows| rows.unbroken(place.first, place.rows)))
    });
    scroll.follow(shown);
    scroll.keep_height(shown);
    let reading = RwSignal::new(false);
    reader.follow(place, reading, rows.wrong);
    Effect::new(move |_| scrolled.note(place.get()));
    Effect::new(move |_| {
        shown.get();
        rows.arrived();
    });
    let numbers = move || {
        let shown = shown.get();
        (shown.first..shown.first + shown.rows).collect::<Vec<_>>()
    };
    let at = scrolled.at;
    // If the row that the keyboard was on is not in the page, the keyboard comes to the nearest one.
    let cursor = Memo::new(move |_| {
        let shown = shown.get();
        at.get().clamp(shown.first, (shown.first + shown.rows).saturating_sub(1).max(shown.first))
    });
    let toggle = Callback::new(move |(index, on, through)| rows.toggle(index, on, through));
    // One zone for all rows.
    let zone = Zone::here();
    let first = reader.first;
    let row = move |index: u32| {
        let entry = reader.rows.with_untracked(|rows| rows.get(index).cloned());
        entry.map(|entry| view! { <EntryRow entry index first view=view.clone() selected zone at cursor toggle /> })
    };
    view! {
        <tbody class="ui-room" aria-hidden="true" node_ref=scroll.room[0]></tbody>
        <tbody aria-busy=move || reading.get().then_some("true")>
            <For each=numbers key=|index| *index children=row />
        </tbody>
        <tbody class="ui-room" aria-hidden="true" node_ref=scroll.room[1]></tbody>
    }
    .into_any()
}

/// Why rows could not be read or selected. It stays on the screen, wherever the list is scrolled to.
#[component]
fn RowsNote(rows: ListedRows) -> impl IntoView {
    let ListedRows { wrong, scrolled, .. } = rows;
    expect_context::<Live>().heals(wrong);
    let again = move |_| wrong.set(None);
    // The notice stays when the list is read again. A change of it can come when this list is gone and its text is not yet.
    let text = move || wrong.try_with(|wrong| wrong.as_ref().map(|error| sentence(&error.to_string()))).flatten();
    let text = move || text().or_else(|| scrolled.notice.get());
    let is_right = move || wrong.try_with(Option::is_none).unwrap_or(true);
    let is_silent = move || is_right() && scrolled.notice.with(Option::is_none);
    view! {
        <p class="library-note" role="alert" hidden=is_silent>
            {text} <button class="ui-quiet" hidden=is_right on:click=again>"Try again"</button>
        </p>
    }
    .into_any()
}

/// The names of the columns, and the box that selects all rows read so far.
#[component]
fn Columns(
    view: FolderView,
    rows: ListedRows,
    /// Whether all of them are selected.
    all: Memo<bool>,
) -> impl IntoView {
    let change = move |event| rows.select_all(event_target_checked(&event));
    let header = move |sort: Sort, class: &'static str, text: &'static str| {
        view! { <Header view=view.clone() sort class text /> }
    };
    view! {
        <thead>
            <tr>
                <th scope="col" class="entry-check">
                    {if rows.can_select {
                        view! {
                            <input
                                type="checkbox"
                                aria-label="Select all files listed so far"
                                autocomplete="off"
                                prop:checked=move || all.get()
                                on:change=change
                            />
                        }
                        .into_any()
                    } else {
                        view! { <span class="ui-hidden">"Selection"</span> }.into_any()
                    }}
                </th>
                {header(Sort::Name, "", "Name")}
                {header(Sort::Size, "entry-size", "Size")}
                {header(Sort::Modified, "entry-modified", "Modified")}
                {header(Sort::Outcome, "entry-outcome", "Last outcome")}
            </tr>
        </thead>
    }
}

/// The name of a column, which sorts by that column.
#[component]
fn Header(view: FolderView, sort: Sort, class: &'static str, text: &'static str) -> impl IntoView {
    let here = view.sort == sort;
    // Show the largest, newest or failed first, because people look for those.
    let descending = if here { !view.descending } else { sort != Sort::Name };
    let to = FolderView { sort, descending, ..view.from_start() };
    let order = here.then_some(if view.descending { "descending" } else { "ascending" });
    view! {
        <th scope="col" class=class aria-sort=order>
            <a href=address(&to)>{text}</a>
        </th>
    }
}

/// Shown when all rows read so far are selected: offers to select all others as well. It lies over the names of the columns, so that no
/// row moves when it comes.
#[component]
fn Offer(view: FolderView, under: Under, selected: RwSignal<Selection>) -> impl IntoView {
    let number = count(under.files);
    let text = if view.is_deep() {
        format!("Select all {number} that match")
    } else {
        format!("Select all {number} in this folder and below")
    };
    let take = move |_| selected.set(Selection::Matching(Box::new(view.clone()), under));
    view! {
        <div class="library-offer">
            <p><span class="library-offer-said">"All files listed so far are selected. "</span> <button class="ui-quiet" on:click=take>{text}</button></p>
        </div>
    }
}
