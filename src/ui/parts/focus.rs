//! Keeps the keyboard's place on the page: when the focused element is removed, hidden or disabled, something near it
//! gets the focus. When it represents another file or job than before, the element that represents the same one gets
//! it.

mod stands_for;

use std::cell::RefCell;
use std::rc::Rc;

use leptos::leptos_dom::helpers::window_event_listener_untyped;
use leptos::prelude::*;
use stands_for::{has_focus, stand_in, stands_for};
use wasm_bindgen::prelude::*;
use web_sys::{Element, FocusOptions, HtmlElement, MutationObserver, MutationObserverInit};

/// Where the focus was last, and where it was before the dialog opened.
#[derive(Default)]
struct FocusHistory {
    last: Option<HtmlElement>,
    /// What that element represented.
    stood_for: Option<String>,
    in_rows: bool,
    in_dialog: bool,
    outside: Option<HtmlElement>,
}

type Keeper = Rc<RefCell<FocusHistory>>;

/// Watches the focus for the life of the page. If someone gives the focus up (by clicking outside every control), it
/// stays given up.
pub(in crate::ui) fn keep() {
    let places = Keeper::default();
    let noted = Rc::clone(&places);
    let seen = window_event_listener_untyped("focusin", move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        target.into_iter().for_each(|target| noted.borrow_mut().note(target));
    });
    let left = Rc::clone(&places);
    let given_up = window_event_listener_untyped("focusout", move |_| {
        // An element that is being removed also fires this event. A frame later it is known which case it was.
        let places = Rc::clone(&left);
        request_animation_frame(move || {
            let mut places = places.borrow_mut();
            if is_nowhere() && places.last.as_ref().is_some_and(can_be_focused) {
                places.last = None;
            }
        });
    });
    let changed = Closure::<dyn FnMut()>::new(move || {
        let moved = places.borrow().moved();
        if let Some(moved) = moved {
            focus(&moved, true);
        } else if is_nowhere() {
            let lost = places.borrow_mut().lost();
            // Copy them out of the cell first, because the browser reports a focus at once.
            for place in lost {
                // Restore the focus without scrolling, so that a list that is read again keeps its scroll position.
                if focus(&place, true) {
                    break;
                }
            }
        }
    });
    let wanted = MutationObserverInit::new();
    wanted.set_child_list(true);
    wanted.set_subtree(true);
    wanted.set_attributes(true);
    let filter = js_sys::Array::of4(&"disabled".into(), &"hidden".into(), &"href".into(), &"aria-label".into());
    wanted.set_attribute_filter(&filter);
    if let (Ok(observer), Some(body)) = (MutationObserver::new(changed.as_ref().unchecked_ref()), document().body()) {
        observer.observe_with_options(&body, &wanted).ok();
        StoredValue::new_local((observer, changed, seen, given_up));
    }
}

/// Focuses the first element that matches, if it can have the focus.
pub(in crate::ui) fn go_to(selectors: &str) -> bool {
    find(selectors).is_some_and(|place| focus(&place, false))
}

/// Focuses the next one of the elements that match, or the one before; the first one, if none of them has the focus.
pub(in crate::ui) fn step(selectors: &str, down: bool) -> bool {
    let Ok(all) = document().query_selector_all(selectors) else { return false };
    let item = |at: u32| all.item(at).and_then(|item| item.dyn_into::<HtmlElement>().ok());
    let to = match (0..all.length()).find(|at| item(*at).is_some_and(|item| has_focus(&item))) {
        None => Some(0),
        Some(at) if down => Some(at + 1),
        Some(at) => at.checked_sub(1),
    };
    to.and_then(item).is_some_and(|to| focus(&to, false))
}

/// Whether keystrokes go into a field.
pub(in crate::ui) fn is_typing() -> bool {
    // A box or a choice takes no letters.
    let typed = |at: Element| at.matches("input:not([type=checkbox], [type=radio]), select, textarea").unwrap_or(false);
    document().active_element().is_some_and(typed)
}

/// Whether a dialog is open.
pub(in crate::ui) fn is_in_dialog() -> bool {
    find("dialog[open]").is_some()
}

/// Focuses the first element that matches, and first opens the closed ones that contain it, because nothing inside a
/// closed one can have the focus.
pub(in crate::ui) fn open_to(selectors: &str) -> bool {
    let around = |place: &Element| place.closest("details:not([open])").ok().flatten();
    while let Some(closed) = find(selectors).and_then(|place| around(&place)) {
        closed.set_attribute("open", "").ok();
    }
    go_to(selectors)
}

/// Focuses the first element that matches, without scrolling the page.
pub(in crate::ui) fn stay_at(selectors: &str) -> bool {
    find(selectors).is_some_and(|place| focus(&place, true))
}

/// Focuses the row that has the first element that matches, or, outside lists, that element, without scrolling the page.
pub(in crate::ui) fn stay_at_row_of(selectors: &str) -> bool {
    find(selectors).is_some_and(|place| {
        let row = place.closest("tr[tabindex]").ok().flatten().and_then(|row| row.dyn_into().ok());
        focus(&row.unwrap_or(place), true)
    })
}

impl FocusHistory {
    fn note(&mut self, target: HtmlElement) {
        let inside = |selectors| target.closest(selectors).ok().flatten().is_some();
        self.in_rows = inside("table");
        self.in_dialog = inside("dialog");
        if !self.in_dialog {
            self.outside = Some(target.clone());
        }
        self.stood_for = stands_for(&target);
        self.last = Some(target);
    }

    /// Where the focus goes if its element represents something else now: to the element that represents the same, or
    /// to the heading.
    fn moved(&self) -> Option<HtmlElement> {
        let was = self.stood_for.as_deref()?;
        let last = self.last.as_ref().filter(|last| has_focus(last))?;
        if stands_for(last).as_deref() == Some(was) {
            return None;
        }
        stand_in(was).or_else(|| find("main h1"))
    }

    /// Where the focus can go if its element was removed, best place first.
    fn lost(&mut self) -> Vec<HtmlElement> {
        if self.last.as_ref().is_none_or(can_be_focused) {
            return Vec::new();
        }
        let dialog = find("dialog[open] [autofocus]");
        let opener = self.outside.clone().filter(|_| self.in_dialog);
        let near = self.last.as_ref().and_then(|last| last.closest(".ui-buttons").ok().flatten());
        let near = near.and_then(|near| {
            near.query_selector(":scope > button:not(:disabled, [hidden], .ui-danger)").ok().flatten()
        });
        let near = near.and_then(|near| near.dyn_into().ok());
        let row = find("main table tr[tabindex=\"0\"]").filter(|_| self.in_rows);
        let heading = find("main h1");
        let same = self.stood_for.as_deref().and_then(stand_in);
        self.last = None;
        [same, dialog, near, opener, row, heading].into_iter().flatten().collect()
    }
}

fn find(selectors: &str) -> Option<HtmlElement> {
    document().query_selector(selectors).ok().flatten()?.dyn_into().ok()
}

fn is_nowhere() -> bool {
    let (active, body) = (document().active_element(), document().body().map(Element::from));
    // The browser takes the focus from a hidden element only when it draws the page next.
    let is_hidden = |active: &Element| active.matches("[hidden], [hidden] *").unwrap_or(false);
    active == body || active.as_ref().is_none_or(is_hidden)
}

fn can_be_focused(element: &HtmlElement) -> bool {
    element.is_connected() && !element.matches(":disabled, [hidden], [hidden] *").unwrap_or(false)
}

/// Focuses an element; returns whether it has the focus now. A heading is made focusable. `stays` keeps the page from
/// scrolling.
fn focus(element: &HtmlElement, stays: bool) -> bool {
    if !can_be_focused(element) {
        return false;
    }
    if element.tag_name() == "H1" && !element.has_attribute("tabindex") {
        element.set_tab_index(-1);
    }
    let options = FocusOptions::new();
    options.set_prevent_scroll(stays || element.tag_name() == "H1");
    element.focus_with_options(&options).ok();
    has_focus(element)
}
