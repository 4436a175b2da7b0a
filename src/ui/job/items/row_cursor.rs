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

    /// Whether it is on the row with this index.
    pub(super) fn is_at(self, number: u32) -> bool {
        self.shown.get() == number
    }

    /// Goes to the row that a key leads to.
    pub(super) fn pressed(self, event: &KeyboardEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        // A button or a link in a row handles its own keys.
        let Some(target) = target.filter(|target| target.tag_name() == "TR") else { return };
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
            "Enter" => {
                let link = target.query_selector("a").ok().flatten();
                link.and_then(|link| link.dyn_into::<HtmlElement>().ok()).iter().for_each(HtmlElement::click);
                return event.prevent_default();
            }
            _ => return,
        };
        event.prevent_default();
        let to = to.min(last);
        self.at.set(to);
        self.scroll.go_to(to, all);
        // The rows are added by the next frame.
        request_animation_frame(move || {
            focus::stay_at(&format!(".items tr[aria-rowindex=\"{}\"]", to + 2));
        });
    }

    /// Follows the focus, which a pointer can move too.
    pub(super) fn focused(self, event: &FocusEvent) {
        let row = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let row = row.and_then(|target| target.closest("tr[aria-rowindex]").ok().flatten());
        let number = row.and_then(|row| row.get_attribute("aria-rowindex")).and_then(|text| text.parse::<u32>().ok());
        number.into_iter().for_each(|number| self.at.set(number.saturating_sub(2)));
    }
}
