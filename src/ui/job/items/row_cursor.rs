//! The row that the keyboard is on, and the way from row to row.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::window::Known;
use crate::ui::parts::focus;
use crate::ui::parts::long_list::Scroll;

/// The row that the keyboard is on. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct RowCursor {
    /// Its index in the whole list, from 0.
    at: RwSignal<u32>,
    /// Its index among the rows that are known.
    shown: Memo<u32>,
    known: Memo<Known>,
    scroll: Scroll,
}

impl RowCursor {
    pub(super) fn new(known: Memo<Known>, scroll: Scroll) -> Self {
        let at = RwSignal::new(0_u32);
        let shown = Memo::new(move |_| {
            known.with(|known| {
                let (first, rows) = (known.first(), known.rows().len() as u32);
                at.get().clamp(first, (first + rows).saturating_sub(1).max(first))
            })
        });
        RowCursor { at, shown, known, scroll }
    }

    /// The index of the row that it comes to.
    pub(super) fn at(self) -> u32 {
        self.shown.get()
    }

    /// Goes to the row that a key leads to.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        // A button or a link in a row handles its own keys. The table has the focus while a row is not in the page yet.
        let Some(target) = target.filter(|target| ["TR", "TABLE"].contains(&&*target.tag_name())) else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let from = self.shown.get_untracked();
        let screen = self.scroll.fitting();
        let (first, all) = self.known.with_untracked(|known| (known.first(), known.whole()));
        let last = all.saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowDown" | "j" => from + 1,
            "ArrowUp" | "k" => from.saturating_sub(1).max(if all == 0 { first } else { 0 }),
            "PageDown" => from + screen,
            "PageUp" => from.saturating_sub(screen),
            "Home" => 0,
            "End" => last,
            "Enter" if target.tag_name() == "TR" => {
                let link = target.query_selector("a").ok().flatten();
                link.and_then(|link| link.dyn_into::<HtmlElement>().ok()).iter().for_each(HtmlElement::click);
                return event.prevent_default();
            }
            _ => return,
        };
        event.prevent_default();
        let to = to.min(last);
        step(&target, to);
        self.at.set(to);
        self.scroll.go_to(to, all);
    }

    /// Follows the focus, which a pointer can move too.
    pub(super) fn focused(self, event: &FocusEvent) {
        let row = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let row = row.and_then(|target| target.closest("tr[aria-rowindex]").ok().flatten());
        let number = row.and_then(|row| row.get_attribute("aria-rowindex")).and_then(|text| text.parse::<u32>().ok());
        number.into_iter().for_each(|number| self.at.set(number.saturating_sub(2)));
    }
}

/// Moves the keyboard to a row at once: before anything else is done, and touching only this row and the one before. A row that is not in
/// the page gets the focus from the table when it comes.
fn step(from: &HtmlElement, to: u32) {
    let Some(table) = from.closest("table").ok().flatten() else { return };
    let find = |selectors: &str| table.query_selector(selectors).ok().flatten();
    let Some(row) = find(&format!("tr[aria-rowindex=\"{}\"]", to + 2)) else {
        return put_on(&table);
    };
    if let Some(before) = find("tbody tr[tabindex=\"0\"]") {
        before.set_attribute("tabindex", "-1").ok();
    }
    row.set_attribute("tabindex", "0").ok();
    put_on(&row);
}

fn put_on(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        focus::stay_on(element);
    }
}
