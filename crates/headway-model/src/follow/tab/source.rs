//! Where the receiver's messages come from: an own source, or the leader's.

use super::super::{Follow, FollowEffect};
use super::lead::Lead;
use super::listen::Listening;
use super::tab_message::{LeaderConnection, TabMessage};
use super::{LeaderLock, Sharing, Tab, TabEffect};
use crate::id::Millis;

impl Tab {
    /// Turns the receiver's effects into those of a tab.
    pub(super) fn carry(&mut self, now: Millis, effects: Vec<FollowEffect>) -> Vec<TabEffect> {
        let mut out = Vec::new();
        for effect in effects {
            match effect {
                FollowEffect::Open { generation, query } => out.extend(self.open(now, generation, query, false)),
                FollowEffect::Ask { generation, query } => out.extend(self.open(now, generation, query, true)),
                FollowEffect::Close => {
                    out.push(TabEffect::Do(FollowEffect::Close));
                    out.extend(self.closed());
                }
                other => out.push(TabEffect::Do(other)),
            }
        }
        out
    }

    /// This tab has no source any more, and tells the tabs that listen to it.
    fn closed(&mut self) -> Option<TabEffect> {
        self.source = None;
        self.listening = Listening::No;
        let connection = self.lead.as_mut().and_then(Lead::close)?;
        let place = LeaderConnection { leader: self.me.clone(), connection };
        Some(TabEffect::Post(TabMessage::Broke { place }.to_string()))
    }

    fn open(&mut self, now: Millis, generation: u64, query: String, calls: bool) -> Vec<TabEffect> {
        self.source = Some(generation);
        let own = match calls {
            true => TabEffect::Do(FollowEffect::Ask { generation, query: query.clone() }),
            false => TabEffect::Do(FollowEffect::Open { generation, query: query.clone() }),
        };
        match self.sharing {
            Sharing::Alone => vec![own],
            Sharing::Counted => self.open_counted(own, calls),
            Sharing::Led if self.follow.is_crowded() => vec![own],
            Sharing::Led if self.lead.is_some() => self.lead_open(now, generation, query, calls),
            Sharing::Led => {
                let mut effects = self.ask_leader(now);
                if self.lock == LeaderLock::No {
                    self.lock = LeaderLock::Asked;
                    effects.push(TabEffect::Lock { steal: false });
                }
                effects
            }
        }
    }

    /// Switches to short calls, or back.
    pub(super) fn crowd(&mut self, now: Millis, crowded: bool) -> Vec<TabEffect> {
        if self.follow.is_crowded() == crowded {
            return Vec::new();
        }
        self.follow.crowded(crowded);
        let text = if crowded {
            "[stream] other tabs use this browser's connections; asking once a second instead"
        } else {
            "[stream] a connection is free again"
        };
        let mut effects = vec![TabEffect::Do(FollowEffect::Log(text.into()))];
        if self.source.is_some() {
            effects.extend(self.act(now, Follow::open));
        }
        effects
    }
}
