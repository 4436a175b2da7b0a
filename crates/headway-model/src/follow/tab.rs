//! Shares one stream among all tabs of a browser, because a browser opens only six connections to a server. A machine
//! without IO.
//!
//! The tab that holds the browser's lock is the leader. Its connection follows its own jobs and those of the other
//! tabs, and it passes each message on, numbered. Every tab folds with its own [`Follow`] and claims nothing that it
//! has not received itself. So a tab begins to listen in one of two ways. Either the connection begins at the tab's own
//! cursor. Or the leader tells the tab which message is the first that it will receive, *then* the tab makes one call
//! of its own from its own cursor, and takes in the answer before those messages. Whatever was sent earlier is in the
//! answer, and a message that arrives twice is dropped by its number. After a gap in the numbers the tab starts over.

mod count;
mod effect;
mod lead;
mod listen;
mod source;
mod tab_message;

use super::{Follow, FollowEffect};
use crate::error::ApiError;
use crate::id::Millis;
use count::Count;
pub use effect::{Sharing, TabEffect};
use lead::Lead;
use listen::Listening;
use tab_message::{TabId, TabMessage};

/// A tab that has not confirmed for this long that it listens is gone.
const GONE_AFTER: Millis = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeaderLock {
    No,
    Asked,
    Held,
}

/// A tab: its receiver, and where the receiver's messages come from.
#[derive(Debug, Clone)]
pub struct Tab {
    follow: Follow,
    me: TabId,
    sharing: Sharing,
    lock: LeaderLock,
    /// The receiver's source, while it has one.
    source: Option<u64>,
    /// How this tab listens to its leader, which can be itself.
    listening: Listening,
    /// Set while this tab leads.
    lead: Option<Lead>,
    count: Count,
    /// Numbers requests to the leader.
    round: u64,
    /// Numbers calls to catch up.
    call: u64,
}

impl Tab {
    /// A tab with this receiver. `born` is the wall-clock time at which the tab was opened, and `random` tells it
    /// from other tabs.
    pub fn new(follow: Follow, sharing: Sharing, born: Millis, random: u64) -> Self {
        Tab {
            follow,
            me: format!("{born:012x}{random:016x}"),
            sharing,
            lock: LeaderLock::No,
            source: None,
            listening: Listening::No,
            lead: None,
            count: Count::default(),
            round: 0,
            call: 0,
        }
    }

    /// The receiver.
    pub fn follow(&self) -> &Follow {
        &self.follow
    }

    /// The receiver, for changes that need no effects.
    pub fn follow_mut(&mut self) -> &mut Follow {
        &mut self.follow
    }

    /// Whether this tab holds the browser's stream.
    pub fn leads(&self) -> bool {
        self.lead.is_some()
    }

    /// Whether another tab's connection is this tab's source, and this tab has all that was sent there before.
    pub fn listens(&self) -> bool {
        self.lead.is_none() && matches!(self.listening, Listening::At { backlog: None, .. })
    }

    /// The tab's name among the tabs of its browser.
    pub fn name(&self) -> &str {
        &self.me
    }

    /// Lets the receiver act.
    pub fn act(&mut self, now: Millis, act: impl FnOnce(&mut Follow, Millis) -> Vec<FollowEffect>) -> Vec<TabEffect> {
        let effects = act(&mut self.follow, now);
        self.carry(now, effects)
    }

    /// Takes in a message from this tab's own source.
    pub fn message(&mut self, now: Millis, generation: u64, text: &str, id: &str) -> Vec<TabEffect> {
        let mut effects: Vec<_> = self.pass_on(generation, text, id).into_iter().collect();
        effects.extend(self.receive(now, generation, text, id));
        effects
    }

    /// This tab's own source failed; see [`Follow::error`].
    pub fn error(&mut self, now: Millis, generation: u64, closed: bool) -> Vec<TabEffect> {
        self.act(now, |follow, now| follow.error(now, generation, closed))
    }

    /// Takes in the response to an [`FollowEffect::Ask`]; see [`Follow::answered`].
    pub fn answered(&mut self, now: Millis, generation: u64, answer: Result<&str, ApiError>) -> Vec<TabEffect> {
        let messages = answer.as_ref().ok().and_then(|text| crate::message::messages(text).ok());
        let mut effects = Vec::new();
        for (text, id) in messages.unwrap_or_default() {
            effects.extend(self.pass_on(generation, text, &id));
        }
        effects.extend(self.act(now, |follow, now| follow.answered(now, generation, answer)));
        effects
    }

    /// The lock was granted: this tab leads.
    pub fn granted(&mut self, now: Millis) -> Vec<TabEffect> {
        if self.lock == LeaderLock::No {
            return vec![TabEffect::Unlock];
        }
        self.lock = LeaderLock::Held;
        self.lead = Some(Lead::default());
        self.follow.crowded(false);
        let mut effects = vec![self.post(|leader| TabMessage::Leads { leader })];
        if self.source.is_some() {
            effects.extend(self.act(now, Follow::open));
        }
        effects
    }

    /// Another tab took the lock because this one did not answer.
    pub fn robbed(&mut self, now: Millis) -> Vec<TabEffect> {
        if self.lead.take().is_none() {
            return Vec::new();
        }
        self.lock = LeaderLock::Asked;
        let mut effects = vec![self.post(|leader| TabMessage::Ends { leader }), TabEffect::Do(FollowEffect::Close)];
        effects.push(TabEffect::Lock { steal: false });
        effects.extend(self.ask_leader(now));
        effects
    }

    /// This browser turned out to have no lock.
    pub fn unled(&mut self, now: Millis) -> Vec<TabEffect> {
        (self.sharing, self.lock, self.lead, self.listening) = (Sharing::Counted, LeaderLock::No, None, Listening::No);
        if self.source.is_some() { self.act(now, Follow::open) } else { Vec::new() }
    }

    /// The page is being left, perhaps only for a while. The other tabs must not wait for it.
    pub fn leave(&mut self, now: Millis) -> Vec<TabEffect> {
        let mut effects = self.resign();
        if let Some(generation) = self.source {
            effects.extend(self.act(now, |follow, now| follow.error(now, generation, false)));
        }
        effects
    }

    /// Takes in what another tab says.
    pub fn channel(&mut self, now: Millis, text: &str) -> Vec<TabEffect> {
        match (TabMessage::read(text), self.sharing) {
            (None, _) | (_, Sharing::Alone) => Vec::new(),
            (Some(word), Sharing::Counted) => self.counted(now, word),
            (Some(word), Sharing::Led) if self.lead.is_some() => self.led(now, word),
            (Some(word), Sharing::Led) => self.listened(now, word),
        }
    }

    /// Advances time; see [`Follow::tick`].
    pub fn tick(&mut self, now: Millis) -> Vec<TabEffect> {
        let mut effects = self.act(now, Follow::tick);
        match self.sharing {
            Sharing::Alone => {}
            _ if self.follow.is_resting(now) => effects.extend(self.resign()),
            Sharing::Counted => effects.extend(self.count_again(now)),
            Sharing::Led if self.lead.is_some() => effects.extend(self.lead_on(now)),
            Sharing::Led => effects.extend(self.listen_on(now)),
        }
        effects
    }

    /// Stops leading and listening.
    fn resign(&mut self) -> Vec<TabEffect> {
        if self.count.lets_go() {
            return vec![self.post(|tab| TabMessage::Gone { tab })];
        }
        if self.lock == LeaderLock::No {
            return Vec::new();
        }
        self.lock = LeaderLock::No;
        self.listening = Listening::No;
        let led = self.lead.take().is_some();
        let last =
            self.post(|name| if led { TabMessage::Ends { leader: name } } else { TabMessage::Gone { tab: name } });
        vec![last, TabEffect::Unlock]
    }

    fn post(&self, word: impl FnOnce(TabId) -> TabMessage) -> TabEffect {
        TabEffect::Post(word(self.me.clone()).to_string())
    }
}

#[cfg(test)]
mod tests;
