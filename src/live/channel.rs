//! Carries texts between the tabs of a browser through a `BroadcastChannel`. In a browser without one (Safari before
//! 15.4), local storage does: when a tab stores a text, all other tabs of the same origin get a `storage` event.

use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent, StorageEvent, Window};

use super::browser;

/// A channel to all other tabs of this browser. Dropping it closes it.
pub(super) enum Channel {
    Broadcast { channel: BroadcastChannel, _on_text: Closure<dyn FnMut(MessageEvent)> },
    Stored { name: String, window: Window, on_text: Closure<dyn FnMut(StorageEvent)> },
}

/// Whether this browser has channels between tabs.
pub(super) fn has_channel() -> bool {
    has_broadcasts() || browser::remember(PROBE, "")
}

/// The key under which a text is stored to see whether that works.
const PROBE: &str = "headway.probe";

fn has_broadcasts() -> bool {
    js_sys::Reflect::get(&js_sys::global(), &"BroadcastChannel".into()).is_ok_and(|found| found.is_function())
}

impl Channel {
    /// Opens the channel; `None` if the browser has none.
    pub(super) fn open(name: &str, on_text: impl Fn(String) + 'static) -> Option<Self> {
        if !has_broadcasts() {
            return Self::stored(name, on_text);
        }
        let channel = BroadcastChannel::new(&browser::named(name)).ok()?;
        let on_text = Closure::new(move |event: MessageEvent| event.data().as_string().into_iter().for_each(&on_text));
        channel.set_onmessage(Some(on_text.as_ref().unchecked_ref()));
        Some(Channel::Broadcast { channel, _on_text: on_text })
    }

    fn stored(name: &str, on_text: impl Fn(String) + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        let key = browser::named(name);
        let on_text = Closure::new(move |event: StorageEvent| {
            let text = event.new_value().filter(|_| event.key().as_deref() == Some(&key));
            // The number before the text only makes each value different from the last.
            text.as_deref()
                .and_then(|text| text.split_once(' '))
                .into_iter()
                .for_each(|(_, text)| on_text(text.into()));
        });
        window.add_event_listener_with_callback("storage", on_text.as_ref().unchecked_ref()).ok()?;
        Some(Channel::Stored { name: name.into(), window, on_text })
    }

    /// Sends a text to the other tabs. A text that cannot be sent is lost; the tabs notice the gap.
    pub(super) fn post(&self, text: &str) {
        match self {
            Channel::Broadcast { channel, .. } => drop(channel.post_message(&text.into())),
            // Storing an equal value fires no event.
            Channel::Stored { name, .. } => drop(browser::remember(name, &format!("{} {text}", browser::number()))),
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Channel::Stored { window, on_text, .. } = self {
            window.remove_event_listener_with_callback("storage", on_text.as_ref().unchecked_ref()).ok();
        }
    }
}
