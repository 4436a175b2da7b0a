//! The library: one folder of it at a time, with what last happened to each file.

mod entry;
mod trail;

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::live::Live;
use super::parts::format::{count, query};
use super::parts::{ErrorView, format};
use super::start_panel::StartPanel;
use crate::api;
use crate::model::RelPath;
use crate::model::summary::{EntryKind, FolderPage, Start};
use entry::EntryRow;
use trail::Trail;

const PAGE: u32 = 100;

/// The files of a folder.
#[component]
pub(super) fn LibraryPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let libraries = expect_context::<Start>().libraries;
    let first = libraries.first().map(|library| library.name.clone()).unwrap_or_default();
    let asked = use_query_map();
    let library = Memo::new(move |_| asked.with(|asked| asked.get("library")).unwrap_or_else(|| first.clone()));
    // A mistyped folder is told by the server, in its own words.
    let folder_text = Memo::new(move |_| asked.with(|asked| asked.get("folder")).unwrap_or_default());
    let folder = Memo::new(move |_| folder_text.with(|text| text.parse::<RelPath>()).unwrap_or_default());
    let bad_folder =
        Memo::new(move |_| folder_text.with(|text| text.parse::<RelPath>().err().map(|error| error.to_string())));
    let offset =
        Memo::new(move |_| asked.with(|asked| asked.get("offset")).and_then(|text| text.parse().ok()).unwrap_or(0));
    let selected = RwSignal::new(BTreeSet::<RelPath>::new());

    let page = Resource::new(
        move || (library.get(), folder.get(), offset.get(), live.ended.get()),
        |(library, folder, offset, _)| api::folder(library, folder, offset, PAGE),
    );
    view! {
        <Title text=library.get_untracked() />
        <Show when=move || { libraries.len() > 1 }>
            <nav class="libraries" aria-label="Libraries">
                {expect_context::<Start>()
                    .libraries
                    .into_iter()
                    .map(|library| view! { <a href=format!("/?library={}", query(&library.name))>{library.name.clone()}</a> })
                    .collect_view()}
            </nav>
        </Show>
        <Trail library folder />
        <StartPanel library folder selected />
        {move || bad_folder.get().map(|text| view! { <p class="error" role="alert">{text}</p> })}
        <Transition fallback=|| view! { <p class="loading">"Reading the folder…"</p> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Listing page library selected /> }.into_any(),
                    Err(error) => view! { <ErrorView error /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Listing(page: FolderPage, library: Memo<String>, selected: RwSignal<BTreeSet<RelPath>>) -> impl IntoView {
    if page.total == 0 {
        return view! {
            <section class="empty">
                <h2>"This folder is empty"</h2>
                <p>"Put files into it, then reload this page."</p>
            </section>
        }
        .into_any();
    }
    let files: Vec<_> =
        page.entries.iter().filter(|entry| entry.kind == EntryKind::File).map(|entry| entry.path.clone()).collect();
    let all = {
        let files = files.clone();
        Memo::new(move |_| {
            !files.is_empty() && selected.with(|selected| files.iter().all(|path| selected.contains(path)))
        })
    };
    let toggle = move |_| {
        let on = !all.get_untracked();
        selected.update(|selected| {
            for path in &files {
                if on {
                    selected.insert(path.clone());
                } else {
                    selected.remove(path);
                }
            }
        });
    };
    let (folder, offset, total) = (page.folder.clone(), page.offset, page.total);
    let shown = page.entries.len() as u32;
    view! {
        <table class="listing">
            <thead>
                <tr>
                    <th class="check">
                        <input type="checkbox" aria-label="Select all files on this page" prop:checked=move || all.get() on:change=toggle />
                    </th>
                    <th>"Name"</th>
                    <th class="number">"Size"</th>
                    <th class="modified">"Modified (UTC)"</th>
                    <th class="outcome">"Last outcome"</th>
                </tr>
            </thead>
            <tbody>
                {page.entries.into_iter().map(|entry| view! { <EntryRow entry library=library.get_untracked() selected /> }).collect_view()}
            </tbody>
        </table>
        <nav class="pages" aria-label="Pages of this folder">
            {(offset > 0).then(|| view! { <a href=link(&library.get_untracked(), &folder, offset.saturating_sub(PAGE))>"← Previous"</a> })}
            <span>{format!("{}–{} of {}", count(u64::from(offset) + 1), count(u64::from(offset + shown)), format::count(total.into()))}</span>
            {(offset + shown < total).then(|| view! { <a href=link(&library.get_untracked(), &folder, offset + PAGE)>"Next →"</a> })}
        </nav>
    }
    .into_any()
}

/// The address of a window of a folder.
fn link(library: &str, folder: &RelPath, offset: u32) -> String {
    let page = if offset == 0 { String::new() } else { format!("&offset={offset}") };
    format!("/?library={}&folder={}{page}", query(library), query(folder.as_str()))
}
