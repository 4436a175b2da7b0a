//! The entries of the tab's history, and how far each was scrolled when it was left.

use wasm_bindgen::JsValue;
use web_sys::{History, Storage};

/// An entry, by the moment when it was made: in ms since 1970, as the entry's own state says, so that it is known again after a reload.
/// Zero where nothing was entered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct BrowserEntry(u64);

impl BrowserEntry {
    /// The entry that the document began with. The browser has scrolled to where it was; from now on that is done here, as only
    /// here it is known when the rows are there.
    pub(super) fn first() -> Self {
        restoration("manual");
        BrowserEntry::current()
    }

    /// Leaves for a new entry.
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

    /// The browser has gone to another entry, and shows this one's page still.
    pub(super) fn step(self) -> Self {
        self.note_height();
        BrowserEntry::current()
    }

    /// The document goes: the browser scrolls when it comes back, with all of the page there.
    pub(super) fn leave_document(self) {
        self.note_height();
        restoration("auto");
    }

    /// How far down it was scrolled when it was left, in pixels. `None` if it never was.
    pub(super) fn height(self) -> Option<i32> {
        storage()?.get_item(&self.key()).ok()??.parse().ok()
    }

    /// The one that the browser is at; made one of ours where it is not, as behind a link to a place on the page.
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

/// A tab's own, which goes with it. `None` where the browser keeps nothing.
fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn restoration(by: &str) {
    if let Some(history) = history() {
        js_sys::Reflect::set(&history, &"scrollRestoration".into(), &by.into()).ok();
    }
}
