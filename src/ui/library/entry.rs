//! One row of a folder.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::link;
use crate::model::RelPath;
use crate::model::summary::{Entry, EntryKind};
use crate::ui::parts::{Time, format};

/// A file, with a box to select it, or a folder, with a way into it.
#[component]
pub(super) fn EntryRow(entry: Entry, library: String, selected: RwSignal<BTreeSet<RelPath>>) -> impl IntoView {
    let path = entry.path.clone();
    let name = entry.path.name().to_owned();
    let is_file = entry.kind == EntryKind::File;
    let check = is_file.then(|| {
        let (asked, toggled) = (path.clone(), path.clone());
        view! {
            <input
                type="checkbox"
                aria-label=format!("Select {name}")
                prop:checked=move || selected.with(|selected| selected.contains(&asked))
                on:change=move |event| {
                    let on = event_target_checked(&event);
                    selected.update(|selected| {
                        if on { selected.insert(toggled.clone()) } else { selected.remove(&toggled) };
                    });
                }
            />
        }
    });
    let shown = match entry.kind {
        EntryKind::Folder => view! { <a class="folder" href=link(&library, &path, 0)>{name.clone()}</a> }.into_any(),
        EntryKind::File => view! { <span class="file">{name.clone()}</span> }.into_any(),
        EntryKind::Symlink => {
            view! { <span class="other">{format!("{name} (symbolic link, not followed)")}</span> }.into_any()
        }
        EntryKind::Other => view! { <span class="other">{format!("{name} (not a regular file)")}</span> }.into_any(),
    };
    let outcome = entry.outcome.map(|outcome| {
        let words = match outcome.reason {
            Some(reason) => format!("{}: {reason}", outcome.status),
            None => outcome.status.clone(),
        };
        view! { <a class="status-badge" data-status=outcome.status href=format!("/jobs/{}", outcome.job)>{words}</a> }
    });
    view! {
        <tr data-kind=format!("{:?}", entry.kind).to_lowercase()>
            <td class="check">{check}</td>
            <td class="name">{shown}</td>
            <td class="number">{is_file.then(|| format::size(entry.size))}</td>
            <td class="modified"><Time at=entry.modified /></td>
            <td class="outcome">{outcome}</td>
        </tr>
    }
}
