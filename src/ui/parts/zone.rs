//! The reader's time zone. The server does not know it, so it renders times in UTC and says so, until the page is
//! hydrated.

use leptos::prelude::*;

use super::format;
use headway_model::id::Millis;

/// Whether the page can already ask the browser. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Zone(RwSignal<bool>);

impl Zone {
    /// The zone for the calling component.
    pub(in crate::ui) fn here() -> Self {
        let is_local = RwSignal::new(false);
        Effect::new(move |_| is_local.set(true));
        Zone(is_local)
    }

    /// A time, without its date if that is today (`now`).
    pub(in crate::ui) fn moment(self, at: Millis, now: Millis) -> String {
        format::moment(at, now, self.0.get())
    }

    /// A time with its date, to the second.
    pub(in crate::ui) fn to_the_second(self, at: Millis) -> String {
        let seconds = at / 1_000 % 60;
        // Seconds are the same in every zone.
        match format::moment(at, 0, self.0.get()).strip_suffix(" UTC") {
            Some(text) => format!("{text}:{seconds:02} UTC"),
            None => format!("{}:{seconds:02}", format::moment(at, 0, true)),
        }
    }

    /// A time with its date.
    pub(in crate::ui) fn date(self, at: Millis) -> String {
        format::moment(at, 0, self.0.get())
    }
}
