//! A tab that listens to the leader's connection.

use super::super::answer::{has_more, messages_in};
use super::tab_message::{LeaderConnection, TabMessage};
use super::{Follow, GONE_AFTER, Tab, TabEffect};
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::id::{JobId, Millis};
use crate::message;
use crate::mutants::{self, Mutant};

/// How long to wait for the leader's answer before asking again.
const ASK_EVERY: Millis = 1_000;
/// A leader that has not answered for this long (up to twice as long, at random) loses the lock.
const STEAL_AFTER: Millis = 2_000;
/// How often a tab that makes short calls tries to listen again.
const TRY_EVERY: Millis = 30_000;

/// A message and its event id.
type MessageWithId = (String, String);

#[derive(Debug, Clone)]
pub(super) enum Listening {
    No,
    /// The leader was asked, and has not answered.
    Asking {
        since: Millis,
        posted: Millis,
    },
    /// This tab receives every message of a connection, beginning with `next`.
    At {
        place: LeaderConnection,
        /// The number of the next message.
        next: u64,
        /// Whether this tab joined the connection by a call of its own, from its own cursor.
        joined: bool,
        /// Messages that arrived while this tab's own call is under way.
        backlog: Option<Vec<MessageWithId>>,
        /// When this tab last told the leader that it listens.
        said: Millis,
    },
}

impl Tab {
    /// Takes in the response to the [`TabEffect::CatchUp`] with this number, asks on while there is more, then takes in
    /// the messages that arrived in the meantime.
    pub fn caught_up(&mut self, now: Millis, call: u64, answer: Result<&str, ApiError>) -> Vec<TabEffect> {
        let (Some(generation), Listening::At { backlog: Some(_), .. }) = (self.source, &self.listening) else {
            return Vec::new();
        };
        if call != self.call {
            return Vec::new();
        }
        let messages = match messages_in(answer) {
            Ok(messages) => messages,
            Err(refusal) => {
                let effects = self.error(now, generation, false);
                self.follow.refused(refusal);
                return effects;
            }
        };
        let (more, mut effects) = (has_more(&messages), Vec::new());
        for (text, id) in messages {
            effects.extend(self.act(now, |follow, now| follow.message(now, generation, text, &id)));
        }
        // The answer can have made the receiver open another source.
        if self.source != Some(generation) || call != self.call {
            return effects;
        }
        if more && !self.follow.nothing_wanted() {
            effects.push(self.catch_up());
            return effects;
        }
        let Listening::At { backlog, .. } = &mut self.listening else { return effects };
        for (text, id) in backlog.take().unwrap_or_default() {
            effects.extend(self.receive(now, generation, &text, &id));
        }
        effects
    }

    /// Receives a message of the connection that this tab listens to, which can be its own.
    pub(super) fn receive(&mut self, now: Millis, generation: u64, text: &str, id: &str) -> Vec<TabEffect> {
        if self.source == Some(generation)
            && let Listening::At { joined: true, backlog, .. } = &mut self.listening
        {
            if let Some(backlog) = backlog {
                backlog.push((text.into(), id.into()));
                return Vec::new();
            }
            // The reset is about the cursor with which the connection began. This tab now tries its own.
            if message::is_reset(text) {
                return if self.leads() { self.act(now, Follow::open) } else { self.ask_leader(now) };
            }
        }
        self.act(now, |follow, now| follow.message(now, generation, text, id))
    }

    /// Takes in what the leader says to the other tabs.
    pub(super) fn listened(&mut self, now: Millis, word: TabMessage) -> Vec<TabEffect> {
        if self.source.is_none() || self.follow.is_crowded() {
            return Vec::new();
        }
        match word {
            TabMessage::Leads { .. } => self.ask_leader(now),
            TabMessage::Ends { leader } if self.listens_to(&leader) => self.ask_leader(now),
            TabMessage::Takes { tab, round, place, next } if tab == self.me && round == self.round => {
                match &self.listening {
                    // The leader repeats itself. Every message before `next` has arrived, so nothing changes.
                    Listening::At { place: at, next: due, .. } if *at == place && *due == next => Vec::new(),
                    Listening::At { place: at, .. } if *at == place => self.ask_leader(now),
                    _ => self.listen(now, place, next, None),
                }
            }
            TabMessage::Opens { place, from, jobs } => {
                if self.wanted().iter().all(|job| jobs.contains(job)) {
                    self.listen(now, place, 0, from)
                } else {
                    self.ask_leader(now)
                }
            }
            TabMessage::Broke { place } => {
                if matches!(&self.listening, Listening::At { place: at, .. } if *at == place) {
                    self.follow.broke();
                }
                Vec::new()
            }
            TabMessage::Passes { place, number, id, text } => self.passed(now, &place, number, &text, &id),
            TabMessage::Waits { tab, round } if tab == self.me && round == self.round => {
                if let Listening::Asking { since, .. } = &mut self.listening {
                    *since = now;
                }
                Vec::new()
            }
            TabMessage::Full { tab, round } if tab == self.me && round == self.round => {
                self.count.look_at(now + TRY_EVERY);
                self.crowd(now, true)
            }
            _ => Vec::new(),
        }
    }

    fn passed(&mut self, now: Millis, from: &LeaderConnection, number: u64, text: &str, id: &str) -> Vec<TabEffect> {
        let (Some(generation), Listening::At { place, next, .. }) = (self.source, &mut self.listening) else {
            return Vec::new();
        };
        if place != from || number < *next {
            return Vec::new();
        }
        if number > *next {
            return self.ask_leader(now);
        }
        *next += 1;
        self.receive(now, generation, text, id)
    }

    fn listens_to(&self, leader: &str) -> bool {
        matches!(&self.listening, Listening::At { place, .. } if place.leader == leader)
    }

    fn wanted(&self) -> Vec<JobId> {
        self.follow.asked_jobs().map(|(job, _)| job).collect()
    }

    /// Asks the leader to let this tab listen.
    pub(super) fn ask_leader(&mut self, now: Millis) -> Vec<TabEffect> {
        self.round += 1;
        let since = match self.listening {
            Listening::Asking { since, .. } => since,
            _ => now,
        };
        self.listening = Listening::Asking { since, posted: now };
        vec![self.wants()]
    }

    fn wants(&self) -> TabEffect {
        let (round, jobs) = (self.round, self.wanted());
        self.post(|tab| TabMessage::Wants { tab, round, jobs })
    }

    /// Listens to a connection from message `next` on. If the connection began at this tab's own cursor, nothing is
    /// missing. Otherwise the tab makes one call of its own, now that it can miss nothing more.
    fn listen(&mut self, now: Millis, place: LeaderConnection, next: u64, from: Option<Cursor>) -> Vec<TabEffect> {
        let holds_all =
            from.is_some() && from.as_ref() == self.follow.cursor() && self.follow.asked_jobs().all(|(_, held)| held);
        let whole = next == 0 && holds_all || mutants::is(Mutant::LeadersCursor);
        self.listening = Listening::At { place, next, joined: !whole, backlog: (!whole).then(Vec::new), said: now };
        if whole { Vec::new() } else { vec![self.catch_up()] }
    }

    /// Makes one call for everything that this tab does not hold.
    pub(super) fn catch_up(&mut self) -> TabEffect {
        self.call += 1;
        TabEffect::CatchUp { call: self.call, query: self.follow.asking(0) }
    }

    /// A listener's part of a tick.
    pub(super) fn listen_on(&mut self, now: Millis) -> Vec<TabEffect> {
        if self.follow.is_crowded() {
            return if self.count.is_due(now) { self.crowd(now, false) } else { Vec::new() };
        }
        let patience = STEAL_AFTER + self.spread(STEAL_AFTER);
        match &mut self.listening {
            Listening::No => Vec::new(),
            Listening::Asking { since, .. } if now.saturating_sub(*since) >= patience => {
                *since = now;
                vec![TabEffect::Lock { steal: true }]
            }
            Listening::Asking { posted, .. } if now.saturating_sub(*posted) >= ASK_EVERY => {
                *posted = now;
                vec![self.wants()]
            }
            Listening::At { said, .. } if now.saturating_sub(*said) >= GONE_AFTER / 3 => {
                *said = now;
                vec![self.wants()]
            }
            Listening::Asking { .. } | Listening::At { .. } => Vec::new(),
        }
    }

    /// A fraction of this time that differs from tab to tab.
    pub(super) fn spread(&self, most: Millis) -> Millis {
        let sum = self.me.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        sum % most
    }
}
