//! One row of a folder.

use leptos::prelude::*;

use super::{Selection, address};
use crate::base::to;
use crate::ui::parts::{Time, format};
use headway_model::RelPath;
use headway_model::library::{Entry, EntryKind, FolderView};

/// A file, with a box to select it, or a folder, with a way into it.
#[component]
pub(super) fn EntryRow(
    entry: Entry,
    /// Its place in the list, as far as that is read.
    index: usize,
    /// Rows before those.
    first: u64,
    /// What the list shows.
    view: FolderView,
    selected: RwSignal<Selection>,
    /// The row that the keyboard is at.
    at: RwSignal<usize>,
    /// Selects or takes out this row, or all from the last one to it.
    toggle: Callback<(usize, bool, bool)>,
) -> impl IntoView {
    let path = entry.path.clone();
    // In a search the folder is said too.
    let below = if view.folder.is_root() { 0 } else { view.folder.as_str().len() + 1 };
    let name = RelPath::shown_text(path.as_str().get(below..).unwrap_or_default());
    let is_file = entry.kind == EntryKind::File;
    let chosen = {
        let path = path.clone();
        Memo::new(move |_| is_file && selected.with(|selected| selected.contains(&path)))
    };
    let check = is_file.then(|| {
        view! {
            <input
                type="checkbox"
                tabindex="-1"
                autocomplete="off"
                aria-label=format!("Select {name}")
                prop:checked=move || chosen.get()
                on:click=move |event| toggle.run((index, event_target_checked(&event), event.shift_key()))
            />
        }
    });
    let shown = match entry.kind {
        EntryKind::Folder => {
            let inside = FolderView { folder: path, search: String::new(), ..view.from_start() };
            view! { <a class="folder" tabindex="-1" href=address(&inside)><bdi dir="ltr">{name}</bdi></a> }.into_any()
        }
        EntryKind::File => view! { <bdi dir="ltr" class="file">{name}</bdi> }.into_any(),
        EntryKind::Symlink => {
            view! { <span class="other"><bdi dir="ltr">{name}</bdi>" (symbolic link, not followed)"</span> }.into_any()
        }
        EntryKind::Other => {
            view! { <span class="other"><bdi dir="ltr">{name}</bdi>" (not a regular file)"</span> }.into_any()
        }
    };
    let outcome = entry.outcome.map(|outcome| {
        let words = match outcome.reason {
            Some(reason) => format!("{}: {reason}", outcome.status),
            None => outcome.status.clone(),
        };
        let job = to(&format!("/jobs/{}", outcome.job));
        view! { <a class="status-badge" tabindex="-1" data-status=outcome.status href=job>{words}</a> }
    });
    view! {
        <tr
            data-kind=format!("{:?}", entry.kind).to_lowercase()
            data-index=index
            aria-rowindex=first + index as u64 + 2
            data-selected=move || chosen.get().then_some("true")
            aria-selected=move || is_file.then(|| chosen.get().to_string())
            tabindex=move || if at.get() == index { "0" } else { "-1" }
            on:focus=move |_| at.set(index)
        >
            <td class="check">{check}</td>
            <td class="name">{shown}</td>
            <td class="number">{is_file.then(|| format::size(entry.size))}</td>
            <td class="modified"><Time at=entry.modified /></td>
            <td class="outcome">{outcome}</td>
        </tr>
    }
}
