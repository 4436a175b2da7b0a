//! What is due now, given the time and whether the page is shown.

use super::{Link, SHOWN_GRACE};
use crate::id::Millis;

/// A page that is hidden for this long closes its source.
const HIDDEN_FOR: Millis = 30_000;

/// What to do now.
pub(in crate::follow) enum Due {
    Nothing,
    Close,
    Open,
    /// The next short call, for this source.
    Ask(u64),
}

impl Link {
    pub(in crate::follow) fn visible(&mut self, now: Millis, visible: bool) {
        if visible {
            self.hidden_since = None;
            self.shown_at = now;
            self.reopen_now(now);
        } else {
            self.hidden_since = self.hidden_since.or(Some(now));
        }
    }

    fn is_hidden_for_long(&self, now: Millis) -> bool {
        self.hidden_since.is_some_and(|since| now.saturating_sub(since) >= HIDDEN_FOR)
    }

    pub(super) fn is_asleep(&self, now: Millis) -> bool {
        self.source.is_none() && self.is_hidden_for_long(now)
    }

    /// Whether no source will be opened until something changes.
    pub(in crate::follow) fn is_resting(&self, now: Millis) -> bool {
        self.refused.is_some() || self.is_asleep(now)
    }

    pub(in crate::follow) fn reopen_now(&mut self, now: Millis) {
        self.failures = 0;
        self.reopen_at = self.reopen_at.map(|_| now);
        if self.started && self.source.is_none() && self.reopen_at.is_none() {
            self.reopen_at = Some(now);
        }
    }

    pub(in crate::follow) fn due(&mut self, now: Millis) -> Due {
        // A page that was frozen has received nothing because it could not listen.
        if now.saturating_sub(self.last_tick) > 5_000 {
            self.shown_at = now;
        }
        self.last_tick = now;
        if self.is_hidden_for_long(now) {
            return if self.close() { Due::Close } else { Due::Nothing };
        }
        if now.saturating_sub(self.shown_at) < SHOWN_GRACE && self.source.is_some() {
            return Due::Nothing;
        }
        match &self.source {
            Some(source) if now.saturating_sub(source.heard) >= source.gives_up_after() => {
                let source = source.clone();
                self.gave_up(now, &source);
                Due::Open
            }
            Some(_) => {
                if let Some(delay) = self.reopen_delay.take() {
                    self.close();
                    self.reopen_at = Some(now + delay);
                    return Due::Close;
                }
                match self.ask_at.take_if(|at| *at <= now) {
                    Some(_) => Due::Ask(self.generation),
                    None => Due::Nothing,
                }
            }
            None if self.reopen_at.is_some_and(|at| at <= now) => Due::Open,
            None => Due::Nothing,
        }
    }
}
