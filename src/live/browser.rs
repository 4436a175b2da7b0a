//! The parts that only a browser has: an `EventSource` that closes with its owner, timers, storage, a clock. All of it
//! also compiles for the server, where it is never called.

use wasm_bindgen::prelude::*;
use web_sys::{AbortController, EventSource, MessageEvent};

pub(super) use crate::api::waiting::now;
use crate::base::base;

/// An open stream. Dropping it closes it and takes its listeners with it.
pub(super) struct OpenStream {
    stream: EventSource,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
}

impl OpenStream {
    /// Opens a stream. `on_error` gets whether the browser has given up.
    pub(super) fn open(
        url: &str,
        on_message: impl Fn(StreamMessage) + 'static,
        on_error: impl Fn(bool) + 'static,
    ) -> Option<Self> {
        let stream = EventSource::new(url).ok()?;
        let on_message = Closure::new(move |event| on_message(StreamMessage(event)));
        let state = stream.clone();
        let on_error = Closure::new(move || on_error(state.ready_state() == EventSource::CLOSED));
        stream.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        stream.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(OpenStream { stream, _on_message: on_message, _on_error: on_error })
    }

    /// Closes the stream now. Its listeners might be running, so they are dropped later, with this value.
    pub(super) fn close(&self) {
        self.stream.set_onmessage(None);
        self.stream.set_onerror(None);
        self.stream.close();
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.close();
    }
}

/// A message of a stream. Its texts are copied out of the browser only when they are asked for.
pub(super) struct StreamMessage(MessageEvent);

impl StreamMessage {
    /// What the server sent.
    pub(super) fn text(&self) -> String {
        self.0.data().as_string().unwrap_or_default()
    }

    /// How long that is, in the units of the browser's texts. What the server sends has a byte for each.
    pub(super) fn length(&self) -> usize {
        self.0.data().dyn_ref::<js_sys::JsString>().map_or(0, |text| text.length() as usize)
    }

    /// The event id; empty for none.
    pub(super) fn id(&self) -> String {
        self.0.last_event_id()
    }
}

/// A call under way. Dropping it aborts it.
pub(super) struct Call(Option<AbortController>);

impl Call {
    /// A call that can be dropped.
    pub(super) fn new() -> Self {
        Call(AbortController::new().ok())
    }

    /// Fetches a text. The error has the status, or 0 if there was no answer at all.
    pub(super) fn get(&self, url: &str) -> impl Future<Output = Result<String, (u16, String)>> + 'static {
        let signal = self.0.as_ref().map(AbortController::signal);
        let request = gloo_net::http::Request::get(url).abort_signal(signal.as_ref()).build();
        async move {
            let unanswered = |error: gloo_net::Error| (0, error.to_string());
            let answer = request.map_err(unanswered)?.send().await.map_err(unanswered)?;
            let text = answer.text().await.map_err(unanswered)?;
            if answer.ok() { Ok(text) } else { Err((answer.status(), text)) }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Milliseconds since 1970, by this machine's clock.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}

/// A number that no other tab has.
pub(super) fn number() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1
}

/// Ten unpredictable bytes.
pub(super) fn random() -> [u8; 10] {
    // Without bytes 6 and 8, which contain the version and variant of a UUIDv4.
    let uuid = uuid::Uuid::new_v4().into_bytes();
    [0, 1, 2, 3, 4, 5, 7, 9, 10, 11].map(|index| uuid[index])
}

pub(super) fn is_hidden() -> bool {
    web_sys::window().and_then(|window| window.document()).is_some_and(|document| document.hidden())
}

pub(super) fn log(line: &str) {
    web_sys::console::log_1(&line.into());
}

pub(super) fn reload() {
    if let Some(window) = web_sys::window() {
        window.location().reload().ok();
    }
}

/// A name that pages of another base path on this host do not have.
pub(super) fn named(name: &str) -> String {
    format!("{name}{}", base())
}

fn session() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

fn local() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// A text that this tab keeps over a reload.
pub(super) fn kept(key: &str) -> Option<String> {
    session()?.get_item(&named(key)).ok()?
}

/// Stores a text for this tab; `None` removes it. Does nothing in a browser without storage.
pub(super) fn keep(key: &str, value: Option<&str>) {
    let Some(storage) = session() else { return };
    match value {
        Some(value) => storage.set_item(&named(key), value).ok(),
        None => storage.remove_item(&named(key)).ok(),
    };
}

/// A text that all tabs of this browser share.
pub(super) fn remembered(key: &str) -> Option<String> {
    local()?.get_item(&named(key)).ok()?
}

/// Stores a text for all tabs; whether it could be stored.
pub(super) fn remember(key: &str, value: &str) -> bool {
    local().is_some_and(|storage| storage.set_item(&named(key), value).is_ok())
}
