//! Texts that leave the page: to the clipboard, or as a file.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// Copies a text to the clipboard. Browsers allow that only on secure connections.
pub(in crate::ui) fn text(text: &str) {
    let get = |of: JsValue, name: &str| Reflect::get(&of, &name.into()).ok().filter(|found| !found.is_undefined());
    let clipboard = get(js_sys::global().into(), "navigator").and_then(|navigator| get(navigator, "clipboard"));
    let Some(clipboard) = clipboard else { return };
    let write = get(clipboard.clone(), "writeText").and_then(|write| write.dyn_into::<Function>().ok());
    write.iter().for_each(|write| drop(write.call1(&clipboard, &text.into())));
}

/// A URL that contains the text itself. In the browser only.
pub(in crate::ui) fn as_address(text: &str) -> String {
    format!("data:text/plain;charset=utf-8,{}", crate::ui::parts::format::query(text))
}
