//! Arriving on a page: its scroll position, and what has the focus. Both wait for the page, which might still be
//! loading, and neither interferes once someone has begun to use the page.

use std::cell::Cell;

use leptos::leptos_dom::helpers::window_event_listener_untyped;
use leptos::prelude::*;

use crate::ui::parts::focus;

/// How long to wait for a page, in milliseconds.
const PATIENCE_MS: f64 = 10_000.0;

thread_local! {
    /// How many times somebody went to a page or began to use one. Either ends any earlier wait.
    static MOVES: Cell<u32> = const { Cell::new(0) };
}

/// Stops waiting when someone scrolls, clicks or types.
pub(super) fn notice_use() {
    for name in ["wheel", "touchmove", "pointerdown", "keydown"] {
        window_event_listener_untyped(name, |_| begin());
    }
}

/// Notes a move to another page, which ends any earlier wait.
pub(super) fn begin() {
    MOVES.set(MOVES.get().wrapping_add(1));
}

/// Scrolls to the top.
pub(super) fn at_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// Scrolls down by this many pixels: as far as possible now, and again until the page is long enough.
pub(super) fn at_height(height: i32) {
    wait(Box::new(move || {
        let Some(page) = document().document_element() else { return true };
        let most = page.scroll_height() - page.client_height();
        window().scroll_to_with_x_and_y(0.0, height.min(most).into());
        most >= height
    }));
}

/// Scrolls to the element that a fragment names (`#` included); returns whether there is one.
pub(super) fn at_fragment(fragment: &str) -> bool {
    let named = fragment.strip_prefix('#').filter(|id| !id.is_empty()).and_then(|id| document().get_element_by_id(id));
    named.inspect(|element| element.scroll_into_view()).is_some()
}

/// Focuses the heading, unless something else on the page has the focus by then.
pub(super) fn at_heading() {
    let before = document().active_element();
    wait(Box::new(move || {
        let now = document().active_element();
        let is_free = now.is_none() || now == before || now == document().body().map(Into::into);
        !is_free || focus::go_to("main h1")
    }));
}

/// After *Back*: focuses the row or the link that leads to the address that was left, once it is there. Until then, on another page
/// and where nothing has the focus, it is on the heading. Whatever else has the focus keeps it.
pub(super) fn at_link(address: &str, is_other: bool) {
    let before = document().active_element();
    let link = format!("main a[href=\"{address}\"], main a[href^=\"{address}#\"]");
    wait(Box::new(move || {
        let now = document().active_element().filter(|now| !now.matches("body").unwrap_or(true));
        // A row has the focus if another one had it that is gone.
        let is_placed = now.as_ref().is_none_or(|now| now.matches("main h1, main tr").unwrap_or(false));
        // The focus of another page stays for a moment on what is about to go.
        let is_left = is_other && now == before;
        if !(is_placed || is_left) || focus::stay_at_row_of(&link) {
            return true;
        }
        if now.is_none() || is_left {
            focus::go_to("main h1");
        }
        false
    }));
}

/// Tries in each frame until it succeeds or is no longer needed.
fn wait(attempt: Box<dyn FnMut() -> bool>) {
    again(attempt, MOVES.get(), js_sys::Date::now() + PATIENCE_MS);
}

fn again(mut attempt: Box<dyn FnMut() -> bool>, move_: u32, until: f64) {
    request_animation_frame(move || {
        if MOVES.get() == move_ && !attempt() && js_sys::Date::now() < until {
            again(attempt, move_, until);
        }
    });
}
