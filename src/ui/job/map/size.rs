//! The size of the place in which the map is drawn. The browser tells it after a layout. If it were asked while a frame is made, it
//! would lay out the page once more for each answer.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, ResizeObserver};

/// Observes a place. Dropping it ends that.
struct Observed {
    observer: ResizeObserver,
    _on_change: Closure<dyn FnMut()>,
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// The width and height of what contains the canvas, in pixels; 0 until it is shown.
pub(super) fn size_of(canvas: NodeRef<html::Canvas>) -> RwSignal<(u32, u32)> {
    let size = RwSignal::new((0, 0));
    Effect::new(move |_| {
        let place = canvas.get().and_then(|canvas| canvas.parent_element());
        // It is kept until the effect runs again or its page is gone.
        StoredValue::new_local(place.and_then(|place| observe(place, size)));
    });
    size
}

fn observe(place: Element, size: RwSignal<(u32, u32)>) -> Option<Observed> {
    let changed = place.clone();
    let on_change = Closure::<dyn FnMut()>::new(move || {
        let now = (changed.client_width().max(0) as u32, changed.client_height().max(0) as u32);
        size.try_maybe_update(|size| {
            let is_other = *size != now;
            *size = now;
            (is_other, ())
        });
    });
    let observer = ResizeObserver::new(on_change.as_ref().unchecked_ref()).ok()?;
    observer.observe(&place);
    Some(Observed { observer, _on_change: on_change })
}
