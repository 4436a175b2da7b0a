//! The rows, and their order.

mod empty;
mod select;

use leptos::prelude::*;

use super::load_more::LoadMore;
use super::window::{Scrolled, Window};
use super::{ROWS_PER_WINDOW, Selection, address};
use crate::ui::parts::format::count;
use crate::ui::parts::{Zone, may_act};
use empty::{NotListed, Nothing};
use headway_model::library::{FolderPage, FolderView, Sort, Under};
use select::{ListedRows, files};

/// The rows read so far. More are read when the reader comes near the end.
#[component]
pub(super) fn Listing(
    page: FolderPage,
    view: FolderView,
    selected: RwSignal<Selection>,
    scrolled: Scrolled,
) -> impl IntoView {
    let left_out = page.left_out;
    if page.total == 0 {
        return view! { <Nothing view is_reading=page.scan.is_some() /> <NotListed left_out /> }.into_any();
    }
    // A selection is useful only if the page can start jobs.
    let can_select = may_act();
    // One zone for all rows.
    let zone = Zone::here();
    let FolderPage { first, previous, under, .. } = page;
    let (entries, next, total) = (RwSignal::new(page.entries), RwSignal::new(page.next), RwSignal::new(page.total));
    let library = StoredValue::new(view.library.clone());
    let rows = ListedRows { library, entries, selected, scrolled, can_select };
    let toggle = Callback::new(move |(index, on, through)| rows.toggle(index, on, through));
    let all = Memo::new(move |_| rows.are_all_selected());
    let columns = view! { <Columns view=view.clone() rows all /> }.into_any();
    let offer = {
        let view = view.clone();
        move || {
            let is_whole = all.get() && selected.with(|selected| matches!(selected, Selection::Files(..)));
            // More than these rows: rows that are not read yet, or files in subfolders.
            let more = under.files > entries.with(|entries| files(entries).count()) as u64;
            (is_whole && more).then(|| view! { <Offer view=view.clone() under selected /> })
        }
    };
    let windows = {
        let view = view.clone();
        move |number| view! { <Window number first entries view=view.clone() selected scrolled zone toggle /> }
    };
    view! {
        {offer}
        // Most rows are not in the page, so the table states their number.
        <table class="ui-listing library-list" role="grid" aria-multiselectable=can_select.then_some("true") aria-rowcount=move || total.get() + 1 on:keydown=move |event| rows.pressed(&event)>
            {columns}
            <For each=move || 0..entries.with(Vec::len).div_ceil(ROWS_PER_WINDOW) key=|number| *number children=windows />
        </table>
        <LoadMore view first previous next total entries scrolled />
        <NotListed left_out />
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

/// Shown when all rows read so far are selected: offers to select all others as well.
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
        <p class="library-offer">"All files listed so far are selected. " <button class="ui-quiet" on:click=take>{text}</button></p>
    }
}
