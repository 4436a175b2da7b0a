//! The entries of the tab's history, and the scroll position of each when it was left.

use wasm_bindgen::JsValue;
use web_sys::{History, Storage};

/// An entry, identified by its creation time in milliseconds since 1970. The time is stored in the entry's state, so
/// that it survives a reload. Zero if there is none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct BrowserEntry(u64);

impl BrowserEntry {
    /// The entry that the document began with. The browser has restored its scroll position. From now on this module
    /// does that, because only it knows when the rows are there.
    pub(super) fn first() -> Self {
        restoration("manual");
        BrowserEntry::current()
    }

    /// Leaves this entry for a new one.
    pub(super) fn push(self, address: &str) -> Self {
        self.note_height();
        let entry = BrowserEntry::new();
        if let Some(history) = history() {
            history.push_state_with_url(&entry.state(), "", Some(address)).ok();
        }
        entry
    }

    /// The same entry with another address.
    pub(super) fn replace(self, address: &str) -> Self {
        if let Some(history) = history() {
            history.replace_state_with_url(&self.state(), "", Some(address)).ok();
        }
        self
    }

    /// Takes in that the browser has gone to another entry, while this one's page is still shown.
    pub(super) fn step(self) -> Self {
        self.note_height();
        BrowserEntry::current()
    }

    /// Leaves the document. When it comes back, the browser scrolls, because the whole page is then there at once.
    pub(super) fn leave_document(self) {
        self.note_height();
        restoration("auto");
    }

    /// The scroll position when it was left, in pixels; `None` if it was never left.
    pub(super) fn height(self) -> Option<i32> {
        storage()?.get_item(&self.key()).ok()??.parse().ok()
    }

    /// The browser's current entry. An entry that is not ours yet, such as that of a fragment link, becomes ours.
    fn current() -> Self {
        let known = history().and_then(|history| history.state().ok()).and_then(|state| state.as_f64());
        if let Some(at) = known {
            return BrowserEntry(at as u64);
        }
        let entry = BrowserEntry::new();
        if let Some(history) = history() {
            history.replace_state(&entry.state(), "").ok();
        }
        entry
    }

    fn new() -> Self {
        BrowserEntry(js_sys::Date::now() as u64)
    }

    fn state(self) -> JsValue {
        JsValue::from_f64(self.0 as f64)
    }

    fn key(self) -> String {
        format!("headway.scroll.{}", self.0)
    }

    fn note_height(self) {
        let height = web_sys::window().and_then(|window| window.scroll_y().ok()).unwrap_or_default() as i32;
        if let Some(storage) = storage() {
            storage.set_item(&self.key(), &height.to_string()).ok();
        }
    }
}

fn history() -> Option<History> {
    web_sys::window()?.history().ok()
}

/// The tab's session storage; `None` if the browser has none.
fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn restoration(by: &str) {
    if let Some(history) = history() {
        js_sys::Reflect::set(&history, &"scrollRestoration".into(), &by.into()).ok();
    }
}
