//! Selecting rows with mouse and keyboard.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::ui::library::Selection;
use crate::ui::library::window::Scrolled;
use crate::ui::parts::focus;
use headway_model::library::{Entry, EntryKind};

/// The rows read so far, and which of their files are selected.
#[derive(Clone, Copy)]
pub(super) struct ListedRows {
    /// The name of their library.
    pub(super) library: StoredValue<String>,
    pub(super) entries: RwSignal<Vec<Entry>>,
    pub(super) selected: RwSignal<Selection>,
    pub(super) scrolled: Scrolled,
    /// A selection is useful only if the page can start jobs.
    pub(super) can_select: bool,
}

impl ListedRows {
    /// Selects a row, or all rows from the anchor `through` to it.
    pub(super) fn toggle(self, index: usize, on: bool, through: bool) {
        if !self.can_select {
            return;
        }
        let anchor = self.scrolled.anchor;
        let from = anchor.get_untracked().filter(|_| through).unwrap_or(index);
        let span = from.min(index)..=from.max(index);
        self.entries.with_untracked(|entries| {
            self.select(entries.get(span).unwrap_or_default(), on);
        });
        anchor.set(Some(index));
    }

    pub(super) fn select_all(self, on: bool) {
        if !self.can_select {
            return;
        }
        self.entries.with_untracked(|entries| self.select(files(entries), on));
    }

    fn select<'a>(self, rows: impl IntoIterator<Item = &'a Entry>, on: bool) {
        self.selected.update(|selected| self.library.with_value(|library| selected.set(library, rows, on)));
    }

    /// Whether there are files, and all of them are selected.
    pub(super) fn are_all_selected(self) -> bool {
        self.entries.with(|entries| {
            self.selected.with(|selected| {
                let mut files = files(entries).peekable();
                files.peek().is_some() && files.all(|file| selected.contains(&file.path))
            })
        })
    }

    /// Handles a key that was pressed in the table.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        let ListedRows { entries, selected, scrolled: Scrolled { at, anchor, .. }, .. } = self;
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
                return self.toggle(index, !is_on, event.shift_key());
            }
            "a" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                return self.select_all(true);
            }
            "Escape" => return selected.set(Selection::default()),
            "Enter" => {
                // Enter opens a folder; on a file, if anything is selected, it moves to the start button.
                let chosen = selected.with_untracked(|selected| !selected.is_empty());
                if !open(event, if chosen { ".entry-name a" } else { "a" }) && chosen {
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
            self.toggle(to, true, true);
        }
        at.set(to);
        focus_row(event, to);
    }
}

/// The files among these entries.
pub(super) fn files(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(|entry| entry.kind == EntryKind::File)
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
