//! A part of the page that can be folded away, and that is computed only while it is open.

use leptos::html;
use leptos::prelude::*;

/// Whether a `<details>` is open. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Disclosure {
    /// The element.
    pub(in crate::ui) details: NodeRef<html::Details>,
    pub(in crate::ui) is_open: RwSignal<bool>,
}

impl Disclosure {
    /// One that is closed until somebody opens it.
    pub(in crate::ui) fn new() -> Self {
        Disclosure { details: NodeRef::new(), is_open: RwSignal::new(false) }
    }

    /// Takes up what the element is after its `toggle` event.
    pub(in crate::ui) fn toggled(self) {
        self.is_open.set(self.details.get_untracked().is_some_and(|details| details.has_attribute("open")));
    }
}
