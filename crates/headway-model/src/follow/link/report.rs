//! What is reported about the link. It follows from what has arrived, not from the transport's own events.

use super::super::{HealReason, LinkState};
use super::{Link, SHOWN_GRACE, SILENT_AFTER};
use crate::id::Millis;

/// How long a repair is reported.
const HEALED_FOR: Millis = 8_000;

impl Link {
    /// When the last message arrived, if the server has fallen silent: the link was up and is down, or has not come up
    /// in all this time. `None` in the first second after the page was shown.
    pub(in crate::follow) fn lost_since(&self, now: Millis, state: &LinkState) -> Option<Millis> {
        let is_lost = match state {
            LinkState::Connecting => self.was_live && now.saturating_sub(self.shown_at) >= SHOWN_GRACE,
            LinkState::Silent(_) | LinkState::Refused(_) => true,
            _ => false,
        };
        is_lost.then_some(self.last_heard)
    }

    /// The link's state, given how many events have not arrived, and the last repair.
    pub(in crate::follow) fn state(
        &mut self,
        now: Millis,
        behind: u64,
        healed: Option<(Millis, HealReason)>,
    ) -> LinkState {
        if let Some(reason) = &self.refused {
            return LinkState::Refused(reason.clone());
        }
        if behind == 0 {
            self.behind_since = None;
        } else {
            self.behind_since = self.behind_since.or(Some(now));
        }
        let asleep = self.is_asleep(now);
        let silence = now.saturating_sub(self.last_heard);
        let recent = |(at, _): &(Millis, HealReason)| now.saturating_sub(*at) < HEALED_FOR;
        if asleep {
            LinkState::Asleep
        } else if self.started && silence >= SILENT_AFTER && now.saturating_sub(self.shown_at) >= SHOWN_GRACE {
            LinkState::Silent(silence / 1_000)
        } else if self.behind_since.is_some_and(|since| now.saturating_sub(since) >= 1_000) {
            LinkState::CatchingUp(behind)
        } else if let Some((_, reason)) = healed.filter(recent) {
            LinkState::Healed(reason)
        } else if self.is_caught_up() || (self.was_live && silence < 1_000) {
            LinkState::Live
        } else {
            LinkState::Connecting
        }
    }
}
