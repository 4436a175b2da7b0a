//! Selecting rows with mouse and keyboard.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::ui::library::Selection;
use crate::ui::library::read_rows::ReadRows;
use crate::ui::library::reading::RowReader;
use crate::ui::library::scrolled::Scrolled;
use crate::ui::parts::focus;
use crate::ui::parts::format::{count, sentence};
use headway_model::ApiError;
use headway_model::library::{Entry, EntryKind};
use headway_model::request::PATHS_LIMIT;

/// The rows of a list, and which of their files are selected.
#[derive(Clone, Copy)]
pub(super) struct ListedRows {
    /// The name of their library.
    pub(super) library: StoredValue<String>,
    pub(super) reader: RowReader,
    pub(super) selected: RwSignal<Selection>,
    pub(super) scrolled: Scrolled,
    /// Why rows near the screen could not be read.
    pub(super) wrong: RwSignal<Option<ApiError>>,
    /// A selection is useful only if the page can start jobs.
    pub(super) can_select: bool,
}

impl ListedRows {
    /// Selects a row, or all rows from the anchor `through` to it. Those that were not read yet are read first.
    pub(super) fn toggle(self, index: u32, on: bool, through: bool) {
        if !self.can_select {
            return;
        }
        let Scrolled { anchor, notice, .. } = self.scrolled;
        let from = anchor.get_untracked().filter(|_| through).unwrap_or(index);
        let (from, to) = (from.min(index), from.max(index) + 1);
        let select = move || {
            self.reader.rows.with_untracked(|rows| {
                self.select((from..to).filter_map(|row| rows.get(row)).collect(), on);
            });
            anchor.set(Some(index));
            notice.set(None);
        };
        if self.reader.rows.with_untracked(|rows| rows.missing(from, to).is_none()) {
            return select();
        }
        if (to - from) as usize > PATHS_LIMIT {
            let most = count(PATHS_LIMIT as u64);
            notice.set(Some(format!(
                "At most {most} rows can be selected one by one. Search or filter, then select all that match."
            )));
            return;
        }
        notice.set(Some("Reading the rows between…".to_owned()));
        leptos::task::spawn_local(async move {
            match self.reader.read(from, to).await {
                Ok(true) => select(),
                Ok(false) => {
                    let text = "The list was read again meanwhile, and nothing was selected. Select again.";
                    notice.try_set(Some(text.to_owned()));
                }
                Err(error) => drop(notice.try_set(Some(sentence(&error.to_string())))),
            }
        });
    }

    /// Selects or deselects all files read so far.
    pub(super) fn select_all(self, on: bool) {
        if self.can_select {
            self.reader.rows.with_untracked(|rows| self.select(files(rows).collect(), on));
        }
    }

    fn select(self, rows: Vec<&Entry>, on: bool) {
        self.selected.update(|selected| self.library.with_value(|library| selected.set(library, rows, on)));
    }

    /// Whether there are files, and all of them are selected.
    pub(super) fn are_all_selected(self) -> bool {
        self.reader.rows.with(|rows| {
            self.selected.with(|selected| {
                let mut files = files(rows).peekable();
                files.peek().is_some() && files.all(|file| selected.contains(&file.path))
            })
        })
    }

    /// Handles a key that was pressed in the table.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        let ListedRows { reader: RowReader { rows, .. }, selected, scrolled: Scrolled { at, anchor, .. }, .. } = self;
        let index = at.get_untracked();
        let last = rows.with_untracked(ReadRows::total).saturating_sub(1);
        let is_of_browser = event.ctrl_key() || event.meta_key() || event.alt_key();
        let to = match event.key().as_str() {
            "a" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                return self.select_all(true);
            }
            _ if is_of_browser => return,
            "ArrowDown" | "j" => (index + 1).min(last),
            "ArrowUp" | "k" => index.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            " " | "x" => {
                event.prevent_default();
                let path = rows.with_untracked(|rows| rows.get(index).map(|row| row.path.clone()));
                let is_on = path.is_some_and(|path| selected.with_untracked(|all| all.contains(&path)));
                return self.toggle(index, !is_on, event.shift_key());
            }
            "Escape" => return selected.set(Selection::default()),
            // Whatever is selected: a folder is entered, and of a file its last job is shown.
            "Enter" => return open(event),
            _ => return,
        };
        event.prevent_default();
        if event.shift_key() {
            anchor.update(|anchor| *anchor = anchor.or(Some(index)));
            self.toggle(to, true, true);
        }
        self.go_to(to);
    }

    /// Moves the keyboard to a row. Until the row is in the page, the keyboard is on the table.
    fn go_to(self, row: u32) {
        let Scrolled { at, scroll, .. } = self.scrolled;
        let total = self.reader.rows.with_untracked(ReadRows::total);
        if !focus::stay_at(&format!(".library-list tr[data-index=\"{row}\"]")) {
            focus::stay_at(".library-list");
        }
        at.set(row);
        scroll.go_to(row, total);
        self.arrived();
    }

    /// Moves the keyboard from the table to the row that it waits for, if that is in the page by now.
    pub(super) fn arrived(self) {
        let at = self.scrolled.at;
        request_animation_frame(move || {
            if let Some(row) = at.try_get_untracked() {
                focus::stay_at(&format!(".library-list:focus tr[data-index=\"{row}\"]"));
            }
        });
    }
}

/// The files among the rows read so far.
pub(super) fn files(rows: &ReadRows) -> impl Iterator<Item = &Entry> {
    rows.all().filter(|entry| entry.kind == EntryKind::File)
}

/// Follows the first link in the row that the keyboard is on, unless the key was meant for something inside the row.
fn open(event: &KeyboardEvent) {
    let at = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = at.filter(|at| at.has_attribute("data-index")).and_then(|row| row.query_selector("a").ok().flatten());
    let link = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok());
    link.iter().for_each(web_sys::HtmlElement::click);
}
