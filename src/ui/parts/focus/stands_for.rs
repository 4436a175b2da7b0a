//! What a focused element in a list represents. When a list is read again, its elements stay and get other content, so
//! the next key would act on another file or job.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The rows and cards of lists.
const ROWS: &str = "tbody tr, .job-card";

/// The attributes that identify a row.
const NAMES: &str = "[aria-label^=\"Select \"], a[href]";

/// The row of an element, by what the row shows, and which of its elements it is; `None` outside lists.
pub(super) fn stands_for(element: &HtmlElement) -> Option<String> {
    let row = element.closest(ROWS).ok().flatten()?;
    let name = row.query_selector(NAMES).ok().flatten()?;
    let name = name.get_attribute("aria-label").or_else(|| name.get_attribute("href"))?;
    let part = element.get_attribute("data-action").unwrap_or_else(|| element.class_name());
    Some([element.tag_name(), part, name].join(" "))
}

/// The element that represents this now.
pub(super) fn stand_in(of: &str) -> Option<HtmlElement> {
    let tag = of.split(' ').next()?;
    let all = document().query_selector_all(tag).ok()?;
    let mut all = (0..all.length()).filter_map(|at| all.item(at)?.dyn_into::<HtmlElement>().ok());
    all.find(|element| stands_for(element).as_deref() == Some(of))
}

/// Whether an element has the focus.
pub(super) fn has_focus(element: &HtmlElement) -> bool {
    document().active_element().as_ref() == Some(element.as_ref() as &Element)
}
