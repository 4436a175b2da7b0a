//! Measures which part of a long list is on the screen, and scrolls to a row.

use leptos::html;
use leptos::leptos_dom::helpers::window_event_listener_untyped;
use leptos::prelude::*;

use super::screen::{RowPositions, Screen};

/// The element as high as the list, which contains the table, and the part on the screen. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Scroll {
    pub(in crate::ui) whole: NodeRef<html::Div>,
    /// The room in the table for the rows above and below those in the page. With this room neither the table nor a row that stays
    /// moves while the list is scrolled.
    pub(in crate::ui) room: [NodeRef<html::Tbody>; 2],
    screen: RwSignal<Screen>,
}

impl Scroll {
    pub(in crate::ui) fn new() -> Self {
        Scroll { whole: NodeRef::new(), room: [NodeRef::new(), NodeRef::new()], screen: RwSignal::new(Screen::UNKNOWN) }
    }

    /// The rows to show of a list with this many rows.
    pub(in crate::ui) fn place(self, total: Memo<u32>) -> Memo<RowPositions> {
        Memo::new(move |_| self.screen.get().place(total.get()))
    }

    /// How many rows fit on the screen.
    pub(in crate::ui) fn fitting(self) -> u32 {
        self.screen.with_untracked(|screen| (screen.height / screen.row.max(1)).saturating_sub(3).max(1))
    }

    /// Measures again when the page scrolls or changes size, at most once a frame.
    pub(in crate::ui) fn follow(self, place: Memo<RowPositions>) {
        let is_asked = StoredValue::new(false);
        let ask = move || {
            if !is_asked.try_get_value().unwrap_or(true) {
                is_asked.set_value(true);
                request_animation_frame(move || {
                    if is_asked.try_set_value(false).is_none() {
                        self.measure();
                    }
                });
            }
        };
        Effect::new(move |_| {
            let on = |name: &'static str| window_event_listener_untyped(name, move |_| ask());
            let listeners = ["scroll", "resize"].map(on);
            on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
        });
        // Newly added rows show how high a row is.
        Effect::new(move |_| {
            place.get();
            ask();
        });
    }

    fn measure(self) {
        let Some(Some(whole)) = self.whole.try_get_untracked() else { return };
        let row = whole.query_selector("tbody tr").ok().flatten();
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).map_or(1_000, pixels);
        let row = row.map_or(0, |row| pixels(row.get_bounding_client_rect().height() + 0.5));
        let row = if row == 0 { self.screen.with_untracked(|screen| screen.row) } else { row };
        let screen = Screen { above: pixels(-top(&whole)), height, row };
        if self.screen.with_untracked(|old| *old != screen) {
            self.screen.set(screen);
        }
    }

    /// Scrolls until a row is visible.
    pub(in crate::ui) fn go_to(self, row: u32, total: u32) {
        self.measure();
        let Some(Some(whole)) = self.whole.try_get_untracked() else { return };
        let screen = self.screen.get_untracked();
        let (above, top) = (screen.above_for(total, row), top(&whole));
        // The names of the columns stay at the top of the screen, and would cover the first row.
        let head = if above == 0 { head(&whole) } else { 0.0 };
        // The list can still begin below the middle of the screen.
        if above != screen.above || top > f64::from(screen.height / 2) || (row == 0 && top < head) {
            window().scroll_by_with_x_and_y(0.0, top - head + f64::from(above));
            self.measure();
        }
    }

    /// A part of the rows of a place, with room for the others.
    pub(in crate::ui) fn part(self, place: RowPositions, (first, rows): (u32, u32)) -> RowPositions {
        place.part(first, rows, self.screen.with(|screen| screen.row))
    }

    /// Keeps room for the rows that are not in the page, so that the list scrolls as if all were there.
    pub(in crate::ui) fn keep_height(self, place: Memo<RowPositions>) {
        // Set by the program, because the content security policy forbids inline styles.
        Effect::new(move |_| {
            let place = place.get();
            for (room, pixels) in self.room.iter().zip([place.before, place.behind]) {
                if let Some(room) = room.get() {
                    web_sys::HtmlElement::style(&room).set_property("height", &format!("{pixels}px")).ok();
                }
            }
        });
    }
}

fn pixels(number: f64) -> u32 {
    number.max(0.0) as u32
}

/// The distance of the list's first row, or of the space for it, from the top of the screen.
fn top(whole: &web_sys::Element) -> f64 {
    whole.get_bounding_client_rect().top() + head(whole)
}

/// The height of the names of the columns.
fn head(whole: &web_sys::Element) -> f64 {
    let head = whole.query_selector("thead").ok().flatten();
    head.map_or(0.0, |head| head.get_bounding_client_rect().height())
}
