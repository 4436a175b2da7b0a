//! The rows, their order, and selecting them with mouse and keyboard.

mod empty;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::load_more::LoadMore;
use super::window::{Scrolled, WINDOW, Window};
use super::{Selection, address};
use crate::ui::parts::format::count;
use crate::ui::parts::{Zone, focus, may_act};
use empty::{LeftOut, Nothing};
use headway_model::library::{Entry, EntryKind, FolderPage, FolderView, Sort, Under};

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
        return view! { <Nothing view is_reading=page.scan.is_some() /> <LeftOut left_out /> }.into_any();
    }
    let Scrolled { at, anchor, .. } = scrolled;
    // A selection is there to be worked on.
    let can_select = may_act();
    // One zone for all rows.
    let zone = Zone::here();
    let FolderPage { first, previous, under, .. } = page;
    let (entries, next, total) = (RwSignal::new(page.entries), RwSignal::new(page.next), RwSignal::new(page.total));
    let toggle = Callback::new(move |(index, on, through): (usize, bool, bool)| {
        if !can_select {
            return;
        }
        let from = anchor.get_untracked().filter(|_| through).unwrap_or(index);
        let span = from.min(index)..=from.max(index);
        entries.with_untracked(|entries| {
            selected.update(|selected| selected.set(entries.get(span).unwrap_or_default(), on));
        });
        anchor.set(Some(index));
    });
    let all = Memo::new(move |_| {
        entries.with(|entries| {
            selected.with(|selected| {
                let mut files = files(entries).peekable();
                files.peek().is_some() && files.all(|file| selected.contains(&file.path))
            })
        })
    });
    let whole = move |on: bool| {
        if !can_select {
            return;
        }
        entries.with_untracked(|entries| selected.update(|selected| selected.set(files(entries), on)));
    };
    let pressed = move |event: KeyboardEvent| {
        let index = at.get_untracked();
        let last = entries.with_untracked(Vec::len).saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowDown" | "j" => (index + 1).min(last),
            "ArrowUp" | "k" => index.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            " " | "x" => {
                event.prevent_default();
                let path = entries.with_untracked(|entries| entries.get(index).map(|entry| entry.path.clone()));
                let is_on = path.is_some_and(|path| selected.with_untracked(|all| all.contains(&path)));
                return toggle.run((index, !is_on, event.shift_key()));
            }
            "a" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                return whole(true);
            }
            "Escape" => return selected.set(Selection::default()),
            "Enter" => {
                // Enter opens a folder; on a file, if anything is selected, it moves to the start button.
                let chosen = selected.with_untracked(|selected| !selected.is_empty());
                if !open(&event, if chosen { ".entry-name a" } else { "a" }) && chosen {
                    event.prevent_default();
                    focus::go_to("[data-start=\"run\"]");
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        if event.shift_key() {
            anchor.update(|anchor| *anchor = anchor.or(Some(index)));
            toggle.run((to, true, true));
        }
        at.set(to);
        focus_row(&event, to);
    };
    let change = move |event| whole(event_target_checked(&event));
    let head = view.clone();
    let header = move |sort: Sort, class: &'static str, text: &'static str| {
        view! { <Header view=head.clone() sort class text /> }
    };
    let offer = {
        let view = view.clone();
        move || {
            let is_whole = all.get() && selected.with(|selected| matches!(selected, Selection::Files(_)));
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
        <table class="listing library-list" role="grid" aria-multiselectable=can_select.then_some("true") aria-rowcount=move || total.get() + 1 on:keydown=pressed>
            <thead>
                <tr>
                    <th scope="col" class="entry-check">
                        {if can_select {
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
                            view! { <span class="visually-hidden">"Selection"</span> }.into_any()
                        }}
                    </th>
                    {header(Sort::Name, "", "Name")}
                    {header(Sort::Size, "entry-size", "Size")}
                    {header(Sort::Modified, "entry-modified", "Modified")}
                    {header(Sort::Outcome, "entry-outcome", "Outcome")}
                </tr>
            </thead>
            <For each=move || 0..entries.with(Vec::len).div_ceil(WINDOW) key=|number| *number children=windows />
        </table>
        <LoadMore view first previous next total entries scrolled />
        <LeftOut left_out />
    }
    .into_any()
}

fn files(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| entry.kind == EntryKind::File)
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
        <p class="library-offer">"All files listed so far are selected. " <button class="quiet" on:click=take>{text}</button></p>
    }
}

/// Moves the keyboard to a row, once its window is there.
fn focus_row(event: &KeyboardEvent, index: usize) {
    let Some(table) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return;
    };
    request_animation_frame(move || {
        let row = table.query_selector(&format!("tr[data-index=\"{index}\"]")).ok().flatten();
        if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
            row.focus().ok();
        }
    });
}

/// Follows the first link that matches in the row that the keyboard is on. Returns whether there was one, or the key
/// was meant for something inside the row.
fn open(event: &KeyboardEvent, selectors: &str) -> bool {
    let Some(at) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return false };
    if !at.has_attribute("data-index") {
        return true;
    }
    let link = at.query_selector(selectors).ok().flatten();
    let link = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok());
    link.iter().for_each(web_sys::HtmlElement::click);
    link.is_some()
}
