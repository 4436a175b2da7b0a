//! Tabs that can talk and have no lock: each holds a stream of its own, until there are too many.

use super::tab_message::{TabId, TabMessage};
use super::{Tab, TabEffect};
use crate::id::Millis;
use crate::sorted::SortedSet;

/// Maximum number of streams in one browser: two of its six connections to a server are left for calls.
const STREAMS_LIMIT: usize = 4;
/// How long the others have to answer.
const ANSWERS_WITHIN: Millis = 1_000;
/// How often a tab checks whether it can have a stream.
const LOOK_EVERY: Millis = 30_000;

/// What is known about the streams of other tabs.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    /// Whether this tab has announced that it holds a stream.
    holds: bool,
    /// Other tabs that hold a stream or are about to. If this tab holds one itself, only older tabs are counted.
    others: SortedSet<TabId>,
    /// When to check again.
    look_at: Option<Millis>,
    /// When the answers are counted.
    count_until: Option<Millis>,
}

impl Count {
    /// Gives up the tab's stream; returns whether it had one.
    pub(super) fn lets_go(&mut self) -> bool {
        std::mem::take(&mut self.holds)
    }

    pub(super) fn look_at(&mut self, at: Millis) {
        self.look_at = Some(at);
    }

    pub(super) fn is_due(&mut self, now: Millis) -> bool {
        self.look_at.take_if(|at| *at <= now).is_some()
    }
}

impl Tab {
    /// Opens the tab's own source, says so, and asks who else holds a stream.
    pub(super) fn open_counted(&mut self, own: TabEffect, calls: bool) -> Vec<TabEffect> {
        if calls {
            return vec![own];
        }
        self.count.others.clear();
        self.count.holds = true;
        vec![own, self.post(|tab| TabMessage::Took { tab }), self.post(|tab| TabMessage::Counts { tab })]
    }

    /// Takes in a message about streams from another tab.
    pub(super) fn counted(&mut self, now: Millis, word: TabMessage) -> Vec<TabEffect> {
        let crowded = self.follow.is_crowded();
        match word {
            TabMessage::Counts { tab } if self.count.holds => {
                vec![self.post(|me| TabMessage::Holds { tab: me, to: tab })]
            }
            // If two tabs ask at the same time, the older one gets the stream.
            TabMessage::Counts { tab } if self.count.count_until.is_some() && tab < self.me => {
                self.count.others.insert(tab);
                Vec::new()
            }
            TabMessage::Holds { tab, to } if to == self.me && (crowded || tab < self.me) => {
                self.count.others.insert(tab);
                if self.count.others.len() < STREAMS_LIMIT || crowded {
                    return Vec::new();
                }
                self.count.look_at(now + LOOK_EVERY);
                self.count.holds = false;
                self.crowd(now, true)
            }
            TabMessage::Took { tab } if self.count.count_until.is_some() => {
                self.count.others.insert(tab);
                Vec::new()
            }
            // An older tab took a stream, so this one might be one too many: count again.
            TabMessage::Took { tab } if self.count.holds && tab < self.me => {
                self.count.others.clear();
                vec![self.post(|tab| TabMessage::Counts { tab })]
            }
            TabMessage::Gone { .. } if crowded => {
                self.count.look_at(now + self.spread(ANSWERS_WITHIN));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// From time to time, a tab without a stream checks whether it can have one.
    pub(super) fn count_again(&mut self, now: Millis) -> Vec<TabEffect> {
        if !self.follow.is_crowded() {
            return Vec::new();
        }
        if self.count.is_due(now) {
            self.count.others.clear();
            self.count.count_until = Some(now + ANSWERS_WITHIN);
            return vec![self.post(|tab| TabMessage::Counts { tab })];
        }
        if self.count.count_until.take_if(|at| *at <= now).is_none() {
            return Vec::new();
        }
        if self.count.others.len() < STREAMS_LIMIT {
            return self.crowd(now, false);
        }
        self.count.look_at(now + LOOK_EVERY);
        Vec::new()
    }
}
