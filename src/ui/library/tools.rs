//! Finding files: the search, the filters, and how old what is shown is.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address;
use crate::base::to;
use crate::ui::parts::Time;
use crate::ui::parts::format::count;
use headway_model::Millis;
use headway_model::library::{FolderView, ScanProgress, Show as Filter, Unread};

/// A search begins so long after the last key.
const TYPING: Duration = Duration::from_millis(120);

/// The search and the filters. Without JavaScript they are a form and links.
#[component]
pub(super) fn Tools(view: Memo<FolderView>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let timer = RwSignal::new(None::<TimeoutHandle>);
    let navigate = use_navigate();
    let search = move |text: String| {
        let searched = FolderView { search: text, ..view.with_untracked(FolderView::from_start) };
        navigate(
            &address(&searched),
            NavigateOptions { resolve: false, replace: true, scroll: false, ..NavigateOptions::default() },
        );
    };
    let early = search.clone();
    let typed = {
        let search = search.clone();
        move |_| {
            if let Some(timer) = timer.get_untracked() {
                timer.clear();
            }
            let search = search.clone();
            let begin = move || {
                if let Some(input) = input.get_untracked() {
                    search(input.value());
                }
            };
            timer.set(set_timeout_with_handle(begin, TYPING).ok());
        }
    };
    let submitted = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            search(input.value());
        }
    };
    // `/` leads to the search from wherever nothing is being typed.
    Effect::new(move |_| {
        let pressed = window_event_listener(leptos::ev::keydown, move |event| {
            let typing =
                document().active_element().is_some_and(|at| matches!(at.tag_name().as_str(), "INPUT" | "SELECT"));
            if event.key() == "/"
                && !(typing || event.ctrl_key() || event.meta_key())
                && let Some(input) = input.get_untracked()
            {
                event.prevent_default();
                input.focus().ok();
            }
        });
        on_cleanup(move || pressed.remove());
    });
    // What was typed before the page listened is searched for now.
    Effect::new(move |_| {
        let asked = view.with_untracked(|view| view.search.clone());
        if let Some(input) = input.get().filter(|input| input.value() != asked) {
            early(input.value());
        }
    });
    // The address may change by other means: then the field follows it, but not under someone's fingers.
    Effect::new(move |_| {
        let text = view.with(|view| view.search.clone());
        let Some(input) = input.get() else { return };
        let active = document().active_element();
        if active.as_ref() != Some(input.as_ref()) && input.value() != text {
            input.set_value(&text);
        }
    });
    let hidden = move |name: &'static str, text: String| {
        (!text.is_empty()).then(|| view! { <input type="hidden" name=name value=text /> })
    };
    let filters = move || {
        let view = view.get();
        Filter::ALL
            .iter()
            .map(|show| {
                let here = view.show == *show;
                let to = FolderView { show: *show, ..view.from_start() };
                view! { <a href=address(&to) aria-current=here.then_some("true")>{filter_text(*show)}</a> }
            })
            .collect_view()
    };
    view! {
        <div class="tools">
            <form role="search" action=to("/") method="get" on:submit=submitted>
                {move || hidden("library", view.with(|view| view.library.clone()))}
                {move || hidden("folder", view.with(|view| view.folder.to_string()))}
                {move || hidden("show", view.with(|view| view.show.said().into()))}
                {move || hidden("sort", view.with(|view| view.sort.said().into()))}
                {move || hidden("descending", view.with(|view| if view.descending { "true".into() } else { String::new() }))}
                <input
                    type="search"
                    name="search"
                    class="search"
                    node_ref=input
                    value=view.get_untracked().search
                    on:input=typed
                    placeholder="Search here and below: part of a name, or *.jpg"
                    aria-label="Search here and below"
                    aria-keyshortcuts="/"
                    autocomplete="off"
                    spellcheck="false"
                />
            </form>
            <nav class="filters" aria-label="Filter by last outcome">
                {filters}
            </nav>
        </div>
    }
}

fn filter_text(show: Filter) -> &'static str {
    match show {
        Filter::All => "all",
        Filter::Unprocessed => "not yet processed",
        Filter::Processed => "processed",
        Filter::Failed => "failed",
    }
}

/// How old the list is, and how far the disk is read.
#[component]
pub(super) fn ScanNote(
    seen: Option<Millis>,
    progress: Option<ScanProgress>,
    unread: Option<Unread>,
    scan: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let reading = progress.map(|progress| {
        let text = format!(
            "Reading the disk: {} entries in {} folders so far…",
            count(progress.entries),
            count(progress.folders)
        );
        view! { <span class="reading" role="status">{text}</span> }
    });
    let age = match seen {
        Some(at) => view! { <span>"As on disk at " <Time at /> " UTC"</span> }.into_any(),
        None => view! { <span>"Not read whole yet"</span> }.into_any(),
    };
    let unread = unread.map(|unread| {
        let first = unread.first.shown().to_string();
        let what = match unread.folders {
            1 => format!("The folder {first} could not be read"),
            many => format!("{} folders could not be read, {first} the first of them", count(many)),
        };
        view! { <span class="error" role="status">{what} "; what was seen of it before is shown."</span> }
    });
    view! {
        <p class="scan-note">
            {age} {reading} {unread} <button class="quiet" disabled=progress.is_some() on:click=move |_| scan()>"Read again"</button>
        </p>
    }
}
