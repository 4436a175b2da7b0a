//! When to open, give up and reopen the stream, and what to say of it.

use std::fmt;

use super::HealReason;
use crate::model::id::Millis;

const SILENT_AFTER: Millis = 12_000;
const REOPEN_AFTER: Millis = 15_000;
const SHOWN_GRACE: Millis = 1_000;
const HIDDEN_FOR: Millis = 30_000;
const HEALED_FOR: Millis = 8_000;
const BACKOFF_FIRST: Millis = 100;
const BACKOFF_MOST: Millis = 5_000;

/// What the page says of its link to the server. Derived from numbers, not from the transport's own events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// Not caught up for the first time yet.
    Connecting,
    /// Everything in the log has arrived.
    Live,
    /// So many events are still to come.
    CatchingUp(u64),
    /// Nothing was heard for so many seconds.
    Silent(u64),
    /// Something was lost or different, and has been put right.
    Healed(HealReason),
    /// The page is hidden; the stream resumes when it is shown.
    Asleep,
    /// The server refuses this page, and why.
    Refused(String),
}

impl LinkState {
    /// The word for it in CSS and tests.
    pub fn label(&self) -> &'static str {
        match self {
            LinkState::Connecting => "connecting",
            LinkState::Live => "live",
            LinkState::CatchingUp(_) => "catching-up",
            LinkState::Silent(_) => "silent",
            LinkState::Healed(_) => "healed",
            LinkState::Asleep => "asleep",
            LinkState::Refused(_) => "refused",
        }
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkState::Connecting => f.write_str("connecting"),
            LinkState::Live => f.write_str("live"),
            LinkState::CatchingUp(behind) => write!(f, "catching up (−{behind})"),
            LinkState::Silent(seconds) => write!(f, "silent ({seconds} s)"),
            LinkState::Healed(reason) => write!(f, "healed ({reason})"),
            LinkState::Asleep => f.write_str("asleep"),
            LinkState::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

/// What is to be done now.
pub(super) enum Due {
    Nothing,
    Close,
    Open,
}

#[derive(Debug)]
struct Source {
    heard: Millis,
    messages: u64,
    caught_up: bool,
}

#[derive(Debug)]
pub(super) struct Link {
    generation: u64,
    source: Option<Source>,
    /// When to open again, while there is no source.
    reopen_at: Option<Millis>,
    reopen_delay: Option<Millis>,
    failures: u32,
    started: bool,
    was_live: bool,
    hidden_since: Option<Millis>,
    shown_at: Millis,
    last_tick: Millis,
    last_heard: Millis,
    behind_since: Option<Millis>,
    refused: Option<String>,
    random: u64,
}

impl Link {
    pub(super) fn new(seed: u64) -> Self {
        Link {
            generation: 0,
            source: None,
            reopen_at: None,
            reopen_delay: None,
            failures: 0,
            started: false,
            was_live: false,
            hidden_since: None,
            shown_at: 0,
            last_tick: 0,
            last_heard: 0,
            behind_since: None,
            refused: None,
            random: seed | 1,
        }
    }

    pub(super) fn started(&self) -> bool {
        self.started
    }

    pub(super) fn is_current(&self, generation: u64) -> bool {
        self.source.is_some() && generation == self.generation
    }

    pub(super) fn is_caught_up(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.caught_up)
    }

    /// A new source, unless the server refused this page for good.
    pub(super) fn open(&mut self, now: Millis) -> Option<u64> {
        if self.refused.is_some() {
            return None;
        }
        if !self.started {
            self.last_heard = now;
        }
        self.started = true;
        self.generation += 1;
        self.source = Some(Source { heard: now, messages: 0, caught_up: false });
        self.reopen_at = None;
        self.last_tick = now;
        Some(self.generation)
    }

    /// Gives up the source; whether there was one.
    pub(super) fn close(&mut self) -> bool {
        self.reopen_at = None;
        self.source.take().is_some()
    }

    /// A message came; whether it is of the present source.
    pub(super) fn heard(&mut self, now: Millis, generation: u64) -> bool {
        if !self.is_current(generation) {
            return false;
        }
        if let Some(source) = &mut self.source {
            source.heard = now;
            source.messages += 1;
            self.failures = 0;
            self.last_heard = now;
        }
        true
    }

    pub(super) fn caught_up(&mut self) {
        if let Some(source) = &mut self.source {
            source.caught_up = true;
            self.was_live = true;
        }
    }

    /// The source failed; whether it did so without a word. Reopening is planned.
    pub(super) fn failed(&mut self, now: Millis) -> bool {
        let mute = self.source.take().is_none_or(|source| source.messages == 0);
        let longest = (BACKOFF_FIRST << self.failures.min(10)).min(BACKOFF_MOST);
        self.failures += 1;
        let wait = longest / 2 + self.draw() % (longest / 2 + 1);
        self.reopen_at = Some(now + wait);
        mute
    }

    /// After the present source has ended, open again no earlier than this.
    pub(super) fn reopen_in(&mut self, delay: Millis) {
        self.reopen_delay = Some(delay);
    }

    pub(super) fn refuse(&mut self, reason: String) {
        self.refused = Some(reason);
        self.close();
    }

    pub(super) fn visible(&mut self, now: Millis, visible: bool) {
        if visible {
            self.hidden_since = None;
            self.shown_at = now;
            self.hurry(now);
        } else {
            self.hidden_since = self.hidden_since.or(Some(now));
        }
    }

    pub(super) fn hurry(&mut self, now: Millis) {
        self.failures = 0;
        self.reopen_at = self.reopen_at.map(|_| now);
        if self.started && self.source.is_none() && self.reopen_at.is_none() {
            self.reopen_at = Some(now);
        }
    }

    pub(super) fn due(&mut self, now: Millis) -> Due {
        // A page that was frozen has heard nothing because it could not listen.
        if now.saturating_sub(self.last_tick) > 5_000 {
            self.shown_at = now;
        }
        self.last_tick = now;
        if self.hidden_since.is_some_and(|since| now.saturating_sub(since) >= HIDDEN_FOR) {
            return if self.close() { Due::Close } else { Due::Nothing };
        }
        if now.saturating_sub(self.shown_at) < SHOWN_GRACE && self.source.is_some() {
            return Due::Nothing;
        }
        match &self.source {
            Some(source) if now.saturating_sub(source.heard) >= REOPEN_AFTER => Due::Open,
            Some(_) => {
                if let Some(delay) = self.reopen_delay.take() {
                    self.close();
                    self.reopen_at = Some(now + delay);
                    return Due::Close;
                }
                Due::Nothing
            }
            None if self.reopen_at.is_some_and(|at| at <= now) => Due::Open,
            None => Due::Nothing,
        }
    }

    pub(super) fn state(&mut self, now: Millis, behind: u64, healed: Option<(Millis, HealReason)>) -> LinkState {
        if let Some(reason) = &self.refused {
            return LinkState::Refused(reason.clone());
        }
        if behind == 0 {
            self.behind_since = None;
        } else {
            self.behind_since = self.behind_since.or(Some(now));
        }
        let asleep =
            self.source.is_none() && self.hidden_since.is_some_and(|since| now.saturating_sub(since) >= HIDDEN_FOR);
        let silence = now.saturating_sub(self.last_heard);
        let recent = |(at, _): &(Millis, HealReason)| now.saturating_sub(*at) < HEALED_FOR;
        if asleep {
            LinkState::Asleep
        } else if self.started && silence >= SILENT_AFTER {
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

    /// A small generator (xorshift64, Marsaglia 2003): spreading clients needs no better one.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
