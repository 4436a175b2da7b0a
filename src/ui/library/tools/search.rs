//! The field in which a search is typed.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::ui::library::address;
use crate::ui::nav::{Go, Nav};
use crate::ui::parts::focus;
use headway_model::library::FolderView;

/// How long after the last keystroke a search begins.
const TYPING: Duration = Duration::from_millis(120);

#[derive(Clone, Copy)]
pub(super) struct SearchField {
    pub(super) input: NodeRef<html::Input>,
    view: Memo<FolderView>,
    nav: Nav,
    timer: RwSignal<Option<TimeoutHandle>>,
    /// What this field has asked for. An address that asks for something else has changed in another way, as by *Back*.
    asked: StoredValue<String>,
}

impl SearchField {
    pub(super) fn new(view: Memo<FolderView>) -> Self {
        let asked = StoredValue::new(view.with_untracked(|view| view.search.clone()));
        let (input, nav, timer) = (NodeRef::new(), expect_context::<Nav>(), RwSignal::new(None));
        SearchField { input, view, nav, timer, asked }
    }

    fn search(self, text: String) {
        self.asked.set_value(text.clone());
        let (is_searched, start) = self.view.with_untracked(|view| (!view.search.is_empty(), view.from_start()));
        // The first key is a step that *Back* takes back; the others change it.
        let go = if is_searched { Go::Instead } else { Go::Here };
        self.nav.go(&address(&FolderView { search: text, ..start }), go);
    }

    /// Searches for what the field holds.
    fn begin(self) {
        if let Some(input) = self.input.get_untracked() {
            self.search(input.value());
        }
    }

    /// Searches a moment after the last key.
    pub(super) fn typed(self) {
        if let Some(timer) = self.timer.get_untracked() {
            timer.clear();
        }
        self.timer.set(set_timeout_with_handle(move || self.begin(), TYPING).ok());
    }

    pub(super) fn submitted(self, event: &SubmitEvent) {
        event.prevent_default();
        self.begin();
    }

    /// Handles what comes from outside the field: the key `/`, text that was typed early, and other addresses.
    pub(super) fn listen(self) {
        let SearchField { input, view, timer, asked, .. } = self;
        // Someone can leave the page before the search begins.
        on_cleanup(move || timer.try_get_untracked().flatten().iter().for_each(TimeoutHandle::clear));
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
            let shown = view.with_untracked(|view| view.search.clone());
            if let Some(input) = input.get().filter(|input| input.value() != shown) {
                self.search(input.value());
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
    }
}
