//! Reports to the script `document/alive.js` that the program runs, or that it has ended.

/// Reports that the program still runs. Called four times a second.
pub(super) fn beat() {
    dispatch("headway:beat");
}

/// Reports that the program has panicked, so that nothing on the page can be trusted any longer.
pub fn stopped() {
    dispatch("headway:panic");
}

/// Reports that a part of the program that this page needs could not be loaded.
pub fn unloaded() {
    dispatch("headway:unloaded");
}

fn dispatch(event: &str) {
    if let (Some(window), Ok(event)) = (web_sys::window(), web_sys::Event::new(event)) {
        window.dispatch_event(&event).ok();
    }
}
