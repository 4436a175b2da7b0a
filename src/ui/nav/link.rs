//! Decides which clicks on links the page's program handles. All others are left to the browser.

use leptos::ev::MouseEvent;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement};

use super::{Go, Location, Page};

/// Where a click leads, the fragment with its `#`, and how to go there; `None` if the browser is to handle it. A link
/// with `data-noscroll` keeps the scroll position.
pub(super) fn followed(event: &MouseEvent) -> Option<(Location, String, Go)> {
    let is_for_here = event.button() == 0
        && !(event.default_prevented() || event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key());
    if !is_for_here {
        return None;
    }
    let pressed = event.target()?.dyn_into::<Element>().ok()?;
    let link = pressed.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let is_external = link.rel().split_ascii_whitespace().any(|word| word == "external");
    if is_external || link.has_attribute("download") || !matches!(link.target().as_str(), "" | "_self") {
        return None;
    }
    if web_sys::window()?.location().origin().ok()? != link.origin() {
        return None;
    }
    let location = Location::read(&link.pathname(), &link.search())?;
    let go = if link.has_attribute("data-noscroll") { Go::Here } else { Go::There };
    (Page::at(&location.path) != Page::Nowhere).then(|| (location, link.hash(), go))
}
