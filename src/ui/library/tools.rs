//! Finding files: the search and the filters.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::address;
use crate::base::to;
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::focus;
use crate::ui::parts::format::count;
use headway_model::library::{FolderView, OutcomeFilter as Filter, Under};

/// How long after the last keystroke a search begins.
const TYPING: Duration = Duration::from_millis(120);

/// The search and the filters. Without JavaScript they are a form and links.
#[component]
pub(super) fn Tools(
    view: Memo<FolderView>,
    /// How many files each filter would show, if that is known.
    numbers: RwSignal<Option<Under>>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let timer = RwSignal::new(None::<TimeoutHandle>);
    let nav = expect_context::<Nav>();
    // What this field has asked for. An address that asks for something else has changed in another way, as by *Back*.
    let asked = StoredValue::new(view.with_untracked(|view| view.search.clone()));
    let search = move |text: String| {
        asked.set_value(text.clone());
        let (is_searched, start) = view.with_untracked(|view| (!view.search.is_empty(), view.from_start()));
        // The first key is a step that *Back* takes back; the others change it.
        nav.go(&address(&FolderView { search: text, ..start }), if is_searched { Go::Instead } else { Go::Here });
    };
    let typed = move |_| {
        if let Some(timer) = timer.get_untracked() {
            timer.clear();
        }
        let begin = move || {
            if let Some(input) = input.get_untracked() {
                search(input.value());
            }
        };
        timer.set(set_timeout_with_handle(begin, TYPING).ok());
    };
    // Someone can leave the page before the search begins.
    on_cleanup(move || timer.try_get_untracked().flatten().iter().for_each(TimeoutHandle::clear));
    let submitted = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            search(input.value());
        }
    };
    // `/` focuses the search, except while someone types.
    Effect::new(move |_| {
        let pressed = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "/"
                && !(focus::is_typing() || event.ctrl_key() || event.meta_key())
                && let Some(input) = input.get_untracked()
            {
                event.prevent_default();
                input.focus().ok();
            }
        });
        on_cleanup(move || pressed.remove());
    });
    // Search now for text that was typed before the page was hydrated.
    Effect::new(move |_| {
        let asked = view.with_untracked(|view| view.search.clone());
        if let Some(input) = input.get().filter(|input| input.value() != asked) {
            search(input.value());
        }
    });
    // If the address changes in another way, the field follows it: the field shows what is searched for.
    Effect::new(move |_| {
        let text = view.with(|view| view.search.clone());
        if let Some(input) = input.get().filter(|_| asked.with_value(|asked| *asked != text)) {
            input.set_value(&text);
            asked.set_value(text);
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
                let number = move || numbers.with(|numbers| numbers.as_ref().map(|numbers| count(numbers.shown(*show))));
                view! { <a href=address(&to) aria-current=here.then_some("true")>{filter_text(*show)} " " <span class="filters-number">{number}</span></a> }
            })
            .collect_view()
    };
    view! {
        <div class="library-tools">
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
                    placeholder="Search this folder and below, e.g. IMG or *.jpg"
                    aria-label="Search this folder and below"
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
        Filter::All => "All",
        Filter::Unprocessed => "Not processed",
        Filter::Processed => "Processed",
        Filter::Failed => "Failed",
    }
}
