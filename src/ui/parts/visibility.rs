//! Whether an element is on the screen, or soon will be.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How near counts as near, in pixels above or below the screen.
const MARGIN: u32 = 1_500;

struct Observer {
    observer: IntersectionObserver,
    _tell: Closure<dyn FnMut(js_sys::Array)>,
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls `tell` at first and at each change with whether the element is near the screen, for the life of the calling
/// effect.
pub(in crate::ui) fn watch(element: &Element, tell: impl Fn(bool) + 'static) {
    let tell = Closure::new(move |entries: js_sys::Array| {
        let newest = entries.pop().dyn_into::<IntersectionObserverEntry>();
        newest.iter().for_each(|entry| tell(entry.is_intersecting()));
    });
    let wanted = IntersectionObserverInit::new();
    wanted.set_root_margin(&format!("{MARGIN}px 0px"));
    let made = IntersectionObserver::new_with_options(tell.as_ref().unchecked_ref(), &wanted);
    if let Ok(observer) = made {
        observer.observe(element);
        StoredValue::new_local(Observer { observer, _tell: tell });
    }
}
