//! The field in which a search is typed. The list follows while someone types, so that buttons for what is listed act on what the
//! field shows. Without JavaScript it is the field of a plain form.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::nav::Go;
use super::parts::focus;

/// How long after the last keystroke the next search begins. The first one begins as soon as the key is shown.
const TYPING: Duration = Duration::from_millis(120);

/// The field, and what it asks for. Copy it freely.
#[derive(Clone, Copy)]
struct SearchField {
    input: NodeRef<html::Input>,
    /// What is searched for, as the address says.
    searched: Memo<String>,
    /// What this field has asked for. An address that asks for something else has changed in another way, as by *Back*.
    asked: StoredValue<String>,
    /// Searches for a text, and says how the address changes.
    go: Callback<(String, Go)>,
}

impl SearchField {
    fn search(self, text: String) {
        self.asked.set_value(text.clone());
        // The first key is a step that *Back* takes back; the others change it.
        let how = if self.searched.with_untracked(String::is_empty) { Go::Here } else { Go::Instead };
        self.go.run((text, how));
    }

    /// Searches for what the field holds.
    fn begin(self) {
        if let Some(input) = self.input.get_untracked() {
            self.search(input.value());
        }
    }

    /// Keeps the field and the address together.
    fn follow(self) {
        let SearchField { input, searched, asked, .. } = self;
        // Search now for text that was typed before the page was hydrated.
        Effect::new(move |_| {
            let shown = searched.get_untracked();
            if let Some(input) = input.get().filter(|input| input.value() != shown) {
                self.search(input.value());
            }
        });
        // If the address changes in another way, the field follows it: the field shows what is searched for.
        Effect::new(move |_| {
            let text = searched.get();
            if let Some(input) = input.get().filter(|_| asked.with_value(|asked| asked.trim() != text.trim())) {
                input.set_value(&text);
                asked.set_value(text);
            }
        });
    }
}

/// The form with the field. Inside are the [`hidden`] parts of the address.
#[component]
pub(super) fn Search(
    /// The address of the page, without its query.
    action: String,
    /// The name of the search in the query.
    name: &'static str,
    label: &'static str,
    placeholder: &'static str,
    /// What is searched for, as the address says.
    searched: Memo<String>,
    /// Searches for a text, and says how the address changes.
    go: Callback<(String, Go)>,
    children: Children,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let field = SearchField { input, searched, asked: StoredValue::new(searched.get_untracked()), go };
    let timer = RwSignal::new(None::<TimeoutHandle>);
    let rested = move || {
        timer.set(None);
        if input.get_untracked().is_some_and(|input| field.asked.with_value(|asked| input.value() != *asked)) {
            field.begin();
        }
    };
    let wait = move || timer.set(set_timeout_with_handle(rested, TYPING).ok());
    // A search can change every row. In a task of its own, it keeps no key waiting.
    let first = move || {
        field.begin();
        wait();
    };
    let typed = move |_| match timer.get_untracked() {
        Some(timer) => {
            timer.clear();
            wait();
        }
        None => timer.set(set_timeout_with_handle(first, Duration::ZERO).ok()),
    };
    let submitted = move |event: SubmitEvent| {
        event.prevent_default();
        field.begin();
    };
    // Someone can leave the page before the search begins.
    on_cleanup(move || timer.try_get_untracked().flatten().iter().for_each(TimeoutHandle::clear));
    focus_on_slash(input);
    field.follow();
    view! {
        <form role="search" action=action method="get" on:submit=submitted>
            {children()}
            <input
                type="search"
                name=name
                class="ui-search"
                node_ref=input
                value=searched.get_untracked()
                on:input=typed
                placeholder=placeholder
                aria-label=label
                aria-keyshortcuts="/"
                autocomplete="off"
                spellcheck="false"
            />
        </form>
    }
    .into_any()
}

/// Lets the key `/` focus the field, except while someone types.
fn focus_on_slash(input: NodeRef<html::Input>) {
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
}

/// A part of the address that stays when the form is sent; nothing if it is empty.
pub(super) fn hidden(name: &'static str, value: String) -> impl IntoView {
    (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value /> })
}
