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

/// Whether a page may show such words: `granted`, `denied`, or `default` where nobody was asked. `None` where a browser has none.
pub(crate) fn permission() -> Option<String> {
    let notification = Reflect::get(&js_sys::global(), &"Notification".into()).ok()?;
    Reflect::get(&notification, &"permission".into()).ok()?.as_string()
}

/// Asks the reader, by the browser's own question; the answer.
pub(crate) async fn ask() -> Option<String> {
    if let Ok(answer) = Notification::request_permission() {
        // What was answered is read below; a browser that refuses to ask leaves it as it was.
        JsFuture::from(answer).await.ok();
    }
    permission()
}

/// Says it. The tabs of a browser that say the same about one thing make one word of it.
pub(super) fn show(text: &str, about: &str) {
    if permission().as_deref() == Some("granted") {
        let options = Object::new();
        Reflect::set(&options, &"tag".into(), &about.into()).ok();
        // Some phones have the question and no such words.
        Notification::new(text, &options).ok();
    }
}
