//! What the program tells `document/alive.js`, the script beside it: that it lives, or that it has ended.

/// Says that the program still works. Called four times a second.
pub(super) fn beat() {
    dispatch("headway:beat");
}

/// Says that the program has panicked, so that nothing that the page shows can be trusted any longer.
pub fn stopped() {
    dispatch("headway:panic");
}

/// Says that a part of the program that this page needs could not be loaded.
pub fn unloaded() {
    dispatch("headway:unloaded");
}

fn dispatch(event: &str) {
    if let (Some(window), Ok(event)) = (web_sys::window(), web_sys::Event::new(event)) {
        window.dispatch_event(&event).ok();
    }
}
