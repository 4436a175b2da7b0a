//! Where the reader is, as far as the time of day goes. The server does not know it: what it renders is in UTC and says so, until the
//! page itself takes over.

use leptos::prelude::*;

use super::format;
use headway_model::id::Millis;

/// Whether the page can ask the browser yet. Copy it freely.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Zone(RwSignal<bool>);

impl Zone {
    /// Of the component that asks.
    pub(in crate::ui) fn here() -> Self {
        let is_local = RwSignal::new(false);
        Effect::new(move |_| is_local.set(true));
        Zone(is_local)
    }

    /// A moment beside `now`: without its date if that is today.
    pub(in crate::ui) fn moment(self, at: Millis, now: Millis) -> String {
        format::moment(at, now, self.0.get())
    }

    /// A moment with its date, to the second.
    pub(in crate::ui) fn to_the_second(self, at: Millis) -> String {
        let seconds = at / 1_000 % 60;
        // A minute is a minute in every zone.
        match format::moment(at, 0, self.0.get()).strip_suffix(" UTC") {
            Some(text) => format!("{text}:{seconds:02} UTC"),
            None => format!("{}:{seconds:02}", format::moment(at, 0, true)),
        }
    }

    /// A moment with its date.
    pub(in crate::ui) fn date(self, at: Millis) -> String {
        format::moment(at, 0, self.0.get())
    }
}
