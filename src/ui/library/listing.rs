//! The rows, their order, and choosing among them with mouse and keyboard.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::entry::EntryRow;
use super::{Selection, address};
use crate::model::RelPath;
use crate::model::library::{EntryKind, FolderPage, FolderView, Show as Filter, Sort};
use crate::ui::parts::format::count;

/// A window of rows.
#[component]
pub(super) fn Listing(page: FolderPage, view: FolderView, selected: RwSignal<Selection>) -> impl IntoView {
    if page.total == 0 {
        return view! { <Nothing view is_reading=page.scan.is_some() /> }.into_any();
    }
    let rows: Vec<(bool, RelPath)> =
        page.entries.iter().map(|entry| (entry.kind == EntryKind::File, entry.path.clone())).collect();
    let files: Vec<RelPath> = rows.iter().filter(|(is_file, _)| *is_file).map(|(_, path)| path.clone()).collect();
    let (at, anchor) = (RwSignal::new(0_usize), RwSignal::new(None::<usize>));
    let toggle = {
        let rows = rows.clone();
        Callback::new(move |(index, on, through): (usize, bool, bool)| {
            let from = anchor.get_untracked().filter(|_| through).unwrap_or(index);
            let span = from.min(index)..=from.max(index);
            let paths = rows.get(span).unwrap_or_default().iter().filter(|(is_file, _)| *is_file).map(|(_, path)| path);
            selected.update(|selected| selected.set(paths, on));
            anchor.set(Some(index));
        })
    };
    let all = {
        let files = files.clone();
        Memo::new(move |_| {
            !files.is_empty() && selected.with(|selected| files.iter().all(|path| selected.contains(path)))
        })
    };
    let whole = {
        let files = files.clone();
        move |on: bool| selected.update(|selected| selected.set(&files, on))
    };
    let pressed = {
        let whole = whole.clone();
        let count = rows.len();
        move |event: KeyboardEvent| {
            let index = at.get_untracked();
            let to = match event.key().as_str() {
                "ArrowDown" | "j" => (index + 1).min(count - 1),
                "ArrowUp" | "k" => index.saturating_sub(1),
                "Home" => 0,
                "End" => count - 1,
                " " | "x" => {
                    event.prevent_default();
                    let on =
                        !rows.get(index).is_some_and(|(_, path)| selected.with_untracked(|all| all.contains(path)));
                    return toggle.run((index, on, event.shift_key()));
                }
                "a" if event.ctrl_key() || event.meta_key() => {
                    event.prevent_default();
                    return whole(true);
                }
                "Escape" => return selected.set(Selection::default()),
                "Enter" => return open(&event),
                _ => return,
            };
            event.prevent_default();
            if event.shift_key() {
                anchor.update(|anchor| *anchor = anchor.or(Some(index)));
                toggle.run((to, true, true));
            }
            focus(&event, to);
        }
    };
    let change = move |event| whole(event_target_checked(&event));
    let head = view.clone();
    let header = move |sort: Sort, class: &'static str, text: &'static str| {
        view! { <Header view=head.clone() sort class text /> }
    };
    let offer = {
        let view = view.clone();
        let more = page.total > rows_of(&page);
        move || {
            let is_whole = all.get() && selected.with(|selected| matches!(selected, Selection::Files(_)));
            (is_whole && (more || !view.is_deep()))
                .then(|| view! { <Offer view=view.clone() total=page.total selected /> })
        }
    };
    let to = |after, before| address(&FolderView { after, before, ..view.clone() });
    let previous = page.previous.clone().map(|key| view! { <a href=to(None, Some(key)) rel="prev">"← Previous"</a> });
    let next = page.next.clone().map(|key| view! { <a href=to(Some(key), None) rel="next">"Next →"</a> });
    let place = format!("{}–{} of {}", count(page.first + 1), count(page.first + rows_of(&page)), count(page.total));
    view! {
        {offer}
        <table class="listing" on:keydown=pressed>
            <thead>
                <tr>
                    <th class="check">
                        <input
                            type="checkbox"
                            aria-label="Select all files on this page"
                            prop:checked=move || all.get()
                            on:change=change
                        />
                    </th>
                    {header(Sort::Name, "", "Name")}
                    {header(Sort::Size, "number", "Size")}
                    {header(Sort::Modified, "modified", "Modified (UTC)")}
                    {header(Sort::Outcome, "outcome", "Last outcome")}
                </tr>
            </thead>
            <tbody>
                {page
                    .entries
                    .into_iter()
                    .enumerate()
                    .map(|(index, entry)| view! { <EntryRow entry index view=view.clone() selected at toggle /> })
                    .collect_view()}
            </tbody>
        </table>
        <nav class="pages" aria-label="Pages of this list">
            {previous} <span>{place}</span> {next}
        </nav>
    }
    .into_any()
}

fn rows_of(page: &FolderPage) -> u64 {
    page.entries.len() as u64
}

/// A column's name, which sorts by it.
#[component]
fn Header(view: FolderView, sort: Sort, class: &'static str, text: &'static str) -> impl IntoView {
    let here = view.sort == sort;
    // What is large, new or failed is looked for first.
    let descending = if here { !view.descending } else { sort != Sort::Name };
    let to = FolderView { sort, descending, ..view.from_start() };
    let order = here.then_some(if view.descending { "descending" } else { "ascending" });
    view! {
        <th class=class aria-sort=order>
            <a href=address(&to)>{text}</a>
        </th>
    }
}

/// The page is selected: offers all the others as well.
#[component]
fn Offer(view: FolderView, total: u64, selected: RwSignal<Selection>) -> impl IntoView {
    let text = if view.is_deep() {
        format!("Select all {} that match", count(total))
    } else {
        "Select everything in this folder and below".to_owned()
    };
    let take = move |_| selected.set(Selection::Matching(Box::new(view.clone()), total));
    view! {
        <p class="offer">"All files on this page are selected. " <button class="quiet" on:click=take>{text}</button></p>
    }
}

/// Why there are no rows.
#[component]
fn Nothing(view: FolderView, is_reading: bool) -> impl IntoView {
    let (title, text) = if is_reading {
        ("Nothing found so far", "The disk is still being read; what is found appears here by itself.")
    } else if !view.search.trim().is_empty() {
        ("No file matches", "The search looks at names, here and below; * stands for anything, ? for one character.")
    } else {
        match view.show {
            Filter::All => ("This folder is empty", "Put files into it, then reload this page."),
            Filter::Unprocessed => ("Nothing is left to do", "Every file here and below has been processed."),
            Filter::Processed => ("Nothing is processed yet", "No file here or below has been through a job."),
            Filter::Failed => ("Nothing failed", "No file here or below failed in its last job."),
        }
    };
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
        </section>
    }
}

/// Moves the keyboard to a row.
fn focus(event: &KeyboardEvent, index: usize) {
    let table = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let row = table.and_then(|table| table.query_selector(&format!("tr[data-index=\"{index}\"]")).ok().flatten());
    if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
        row.focus().ok();
    }
}

/// Follows the link in the row that the keyboard is at.
fn open(event: &KeyboardEvent) {
    let row = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = row.filter(|row| row.has_attribute("data-index")).and_then(|row| row.query_selector("a").ok().flatten());
    if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
        link.click();
    }
}
