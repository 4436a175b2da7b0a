//! Browser notifications when a job ends while the tab is hidden; asked for only by a button.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type Notification;
    #[wasm_bindgen(constructor, catch)]
    fn new(title: &str, options: &Object) -> Result<Notification, JsValue>;
    #[wasm_bindgen(static_method_of = Notification, js_name = requestPermission, catch)]
    fn request_permission() -> Result<Promise, JsValue>;
}

/// Whether a page may show notifications: `granted`, `denied`, or `default` if the user was not asked. `None` if the
/// browser has no notifications.
pub(crate) fn permission() -> Option<String> {
    let notification = Reflect::get(&js_sys::global(), &"Notification".into()).ok()?;
    Reflect::get(&notification, &"permission".into()).ok()?.as_string()
}

/// Asks the user for permission through the browser; returns the answer.
pub(crate) async fn ask() -> Option<String> {
    if let Ok(answer) = Notification::request_permission() {
        // The answer is read below. If the browser refuses to ask, it stays as it was.
        JsFuture::from(answer).await.ok();
    }
    permission()
}

/// Shows a notification. If several tabs show one with the same tag, the browser shows it once.
pub(super) fn show(text: &str, about: &str) {
    if permission().as_deref() == Some("granted") {
        let options = Object::new();
        Reflect::set(&options, &"tag".into(), &about.into()).ok();
        // Some phones can ask for the permission but cannot show notifications.
        Notification::new(text, &options).ok();
    }
}
