//! What the program tells `document/alive.js`, which stands beside it: that it lives, or that it has ended.

/// The program still shows what it hears. Said four times a second.
pub(super) fn beat() {
    tell("headway:beat");
}

/// The program has panicked: nothing that the page shows from now on can be trusted.
pub fn stopped() {
    tell("headway:panic");
}

fn tell(event: &str) {
    if let (Some(window), Ok(event)) = (web_sys::window(), web_sys::Event::new(event)) {
        window.dispatch_event(&event).ok();
    }
}
