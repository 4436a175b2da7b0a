//! When to open, give up and reopen the source of messages.

mod calls;
mod due;
mod report;
mod source;

use crate::id::Millis;
use calls::Calls;
pub(super) use due::Due;
use source::StreamSource;
pub(super) use source::{ASK_WAIT_SECONDS, Transport};

/// After this many streams in a row without a message, the client switches to calls.
const MUTES_LIMIT: u32 = 3;

/// After this many sources in a row that broke off before they had caught up, the client takes no snapshots: a source
/// that breaks within a snapshot brings it no further, and within a job's events it does.
const CUTS_LIMIT: u32 = 2;

/// How often short calls are made, where other tabs hold the browser's connections.
const SHORT_EVERY: Millis = 1_000;

/// A call that waits for news, and returns without any sooner than this, was not answered by the server.
const ASK_LEAST: Millis = 500;

/// After this long without a message, the server counts as silent.
const SILENT_AFTER: Millis = 12_000;

/// How long a page that was just shown waits before it decides whether its source is silent.
const SHOWN_GRACE: Millis = 1_000;

/// How long a page that was just loaded waits for its first source to catch up, before it says how old its state is.
const FIRST_GRACE: Millis = 3_000;

/// The delay before the first reopening of a source that failed. Each further failure doubles it.
const BACKOFF_FIRST: Millis = 100;

/// The longest such delay.
const BACKOFF_LIMIT: Millis = 5_000;

#[derive(Debug, Clone)]
pub(super) struct Link {
    generation: u64,
    source: Option<StreamSource>,
    /// When to open the next source, while there is none.
    reopen_at: Option<Millis>,
    reopen_delay: Option<Millis>,
    failures: u32,
    /// Streams in a row that ended without a message.
    mutes: u32,
    /// Sources in a row that broke off before they had caught up.
    cuts: u32,
    calls: Option<Calls>,
    /// Only short calls are made, so that no connection stays open.
    pub(super) crowded: bool,
    /// When the next short call is made.
    ask_at: Option<Millis>,
    started: bool,
    /// How many sources have caught up and silences have ended.
    returns: u32,
    hidden_since: Option<Millis>,
    shown_at: Millis,
    last_tick: Millis,
    last_heard: Millis,
    begun_at: Millis,
    /// The last moment at which everything was known: a message arrived from a source that had caught up. `None` until one has.
    known_at: Option<Millis>,
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
            mutes: 0,
            cuts: 0,
            calls: None,
            crowded: false,
            ask_at: None,
            started: false,
            returns: 0,
            hidden_since: None,
            shown_at: 0,
            last_tick: 0,
            last_heard: 0,
            begun_at: 0,
            known_at: None,
            behind_since: None,
            refused: None,
            random: seed | 1,
        }
    }

    /// Starts the link: from now on, requests go out at once.
    pub(super) fn begin(&mut self, now: Millis) {
        if !self.started {
            (self.started, self.begun_at, self.last_heard) = (true, now, now);
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

    pub(super) fn returns(&self) -> u32 {
        self.returns
    }

    /// Whether the line breaks so soon that a snapshot might never get through.
    pub(super) fn is_cut(&self) -> bool {
        self.cuts >= CUTS_LIMIT
    }

    /// Whether messages arrive by calls.
    pub(super) fn asks(&self) -> bool {
        self.calls.is_some()
    }

    /// Switches to calls, because streams are known not to get through.
    pub(super) fn ask(&mut self) {
        self.calls = Some(Calls { tries: 1, try_at: None });
    }

    /// Opens a new source, unless the server refused this page for good.
    pub(super) fn open(&mut self, now: Millis) -> Option<(u64, Transport)> {
        if self.refused.is_some() {
            return None;
        }
        self.begin(now);
        self.generation += 1;
        let trial = self.calls.as_ref().is_some_and(|calls| calls.try_at.is_some_and(|at| at <= now));
        let calls = self.crowded || self.asks() && !trial;
        let transport = if calls { Transport::Calls } else { Transport::Stream };
        self.ask_at = None;
        let (messages, caught_up, waits) = (0, false, false);
        self.source = Some(StreamSource { transport, trial, asked: now, heard: now, messages, caught_up, waits });
        self.reopen_at = None;
        self.last_tick = now;
        Some((self.generation, transport))
    }

    /// Takes in the response to a call. `more` says that it could not hold everything that was there. Returns whether the
    /// next call can follow at once; otherwise another source is opened when it is due.
    pub(super) fn answered(&mut self, now: Millis, news: bool, more: bool) -> bool {
        if self.crowded && !more {
            self.ask_at = Some(now + SHORT_EVERY);
            return false;
        }
        let Some(calls) = &mut self.calls else { return more };
        let next_try = now + calls.delay();
        let try_at = *calls.try_at.get_or_insert(next_try);
        let too_soon = |source: &StreamSource| source.waits && now.saturating_sub(source.asked) < ASK_LEAST;
        if try_at <= now || (!news && self.source.as_ref().is_some_and(too_soon)) {
            self.source = None;
            self.reopen_at = Some(if try_at <= now { now } else { now + 2 * ASK_LEAST });
            return false;
        }
        self.source.iter_mut().for_each(|source| (source.asked, source.waits) = (now, true));
        true
    }

    /// Records what a source that is given up shows about whether streams get through.
    fn gave_up(&mut self, now: Millis, source: &StreamSource) {
        if source.messages > 0 || source.transport == Transport::Calls {
            self.cuts += u32::from(!source.caught_up);
            return;
        }
        if let Some(calls) = self.calls.as_mut().filter(|_| source.trial) {
            *calls = Calls { tries: calls.tries + 1, try_at: None };
            self.reopen_at = Some(now);
            return;
        }
        self.mutes += 1;
        if self.mutes >= MUTES_LIMIT {
            self.calls.get_or_insert_default();
        }
    }

    /// Closes the source; returns whether there was one.
    pub(super) fn close(&mut self) -> bool {
        self.reopen_at = None;
        self.source.take().is_some()
    }

    /// Takes in the arrival of a message; returns whether it is from the current source.
    pub(super) fn arrived(&mut self, now: Millis, generation: u64) -> bool {
        if !self.is_current(generation) {
            return false;
        }
        if now.saturating_sub(self.last_heard) >= SILENT_AFTER {
            self.returns = self.returns.wrapping_add(1);
        }
        if let Some(source) = &mut self.source {
            source.heard = now;
            source.messages += 1;
            self.failures = 0;
            self.mutes = 0;
            if source.transport == Transport::Stream {
                self.calls = None;
            }
            self.last_heard = now;
            self.known_at = if source.caught_up { Some(now) } else { self.known_at };
        }
        true
    }

    /// The source has broken, and continues later without a new request, as when another tab holds it.
    pub(super) fn broke(&mut self) {
        self.source.iter_mut().for_each(|source| source.caught_up = false);
    }

    pub(super) fn caught_up(&mut self) {
        if let Some(source) = self.source.as_mut().filter(|source| !source.caught_up) {
            source.caught_up = true;
            self.cuts = 0;
            self.known_at = Some(self.last_heard);
            self.returns = self.returns.wrapping_add(1);
        }
    }

    /// Takes in a failure of the source and schedules the next; returns whether it failed without a message.
    pub(super) fn failed(&mut self, now: Millis) -> bool {
        let source = self.source.take();
        let longest = (BACKOFF_FIRST << self.failures.min(10)).min(BACKOFF_LIMIT);
        self.failures += 1;
        let wait = longest / 2 + self.draw() % (longest / 2 + 1);
        self.reopen_at = Some(now + wait);
        source.iter().for_each(|source| self.gave_up(now, source));
        source.is_none_or(|source| source.messages == 0)
    }

    /// Closes the current source at the next tick, and opens another after this delay.
    pub(super) fn reopen_in(&mut self, delay: Millis) {
        self.reopen_delay = Some(delay);
    }

    pub(super) fn refuse(&mut self, reason: String) {
        self.refused = Some(reason);
        self.close();
    }

    /// A small random generator (xorshift64, Marsaglia 2003), which is good enough to spread clients.
    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
