//! What is reported about the link. It follows from what has arrived, not from the transport's own events.

use super::super::{HealReason, LinkState};
use super::{FIRST_GRACE, Link, SHOWN_GRACE, SILENT_AFTER};
use crate::id::Millis;

/// How long a repair is reported.
const HEALED_FOR: Millis = 8_000;

impl Link {
    /// Whether the page cannot know what is true now: the link was up and is down, it has not come up in some seconds, or the
    /// server has fallen silent. Never in the first second after the page was shown.
    pub(in crate::follow) fn is_lost(&self, now: Millis, state: &LinkState) -> bool {
        let (since, grace) = match self.known_at {
            Some(_) => (self.shown_at, SHOWN_GRACE),
            None => (self.shown_at.max(self.begun_at), FIRST_GRACE),
        };
        match state {
            LinkState::Connecting => self.started && now.saturating_sub(since) >= grace,
            LinkState::Silent(_) | LinkState::Refused(_) => true,
            _ => false,
        }
    }

    /// The last moment at which everything was known. A message on a link that has not caught up says nothing about
    /// what was missed.
    pub(in crate::follow) fn known_at(&self) -> Option<Millis> {
        self.known_at
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
        } else if self.is_caught_up() || self.known_at.is_some_and(|at| now.saturating_sub(at) < 1_000) {
            LinkState::Live
        } else {
            LinkState::Connecting
        }
    }
}
