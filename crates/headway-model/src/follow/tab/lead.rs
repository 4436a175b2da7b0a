//! The leader: one connection for all tabs.

use super::listen::Listening;
use super::tab_message::{LeaderConnection, TabId, TabMessage};
use super::{FollowEffect, GONE_AFTER, Tab, TabEffect};
use crate::follow::JOBS_LIMIT;
use crate::id::{JobId, Millis};
use crate::sorted::{SortedMap, SortedSet};

/// Minimum time between two connections that are opened for other tabs.
const REOPEN_EVERY: Millis = 300;

/// What the leader knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Lead {
    listeners: SortedMap<TabId, Listener>,
    connection: Option<LeadConnection>,
    /// When to open another connection, in order to follow more jobs.
    reopen_at: Option<Millis>,
}

#[derive(Debug, Clone)]
struct Listener {
    jobs: Vec<JobId>,
    said: Millis,
}

#[derive(Debug, Clone)]
struct LeadConnection {
    generation: u64,
    jobs: SortedSet<JobId>,
    /// Whether the connection carries summaries of all jobs.
    watches: bool,
    /// How many messages were passed on; numbers the next one.
    passed: u64,
    opened: Millis,
}

impl Lead {
    /// Ends the connection. Returns its number if anybody listens to it.
    pub(super) fn close(&mut self) -> Option<u64> {
        let connection = self.connection.take()?;
        (!self.listeners.is_empty()).then_some(connection.generation)
    }

    fn others(&self) -> SortedSet<JobId> {
        self.listeners.values().flat_map(|listener| listener.jobs.iter().copied()).collect()
    }
}

impl Tab {
    /// Numbers a message of the leader's connection, and passes it on if anybody listens.
    pub(super) fn pass_on(&mut self, generation: u64, text: &str, id: &str) -> Option<TabEffect> {
        let lead = self.lead.as_mut()?;
        let connection = lead.connection.as_mut().filter(|connection| connection.generation == generation)?;
        let number = connection.passed;
        connection.passed += 1;
        let place = LeaderConnection { leader: self.me.clone(), connection: generation };
        let word = || TabMessage::Passes { place, number, id: id.into(), text: text.into() };
        (!lead.listeners.is_empty()).then(|| TabEffect::Post(word().to_string()))
    }

    /// Opens the leader's connection for all tabs. Jobs of other tabs are requested as held, so that no tab is sent a
    /// snapshot that only this tab needs: this tab fetches its snapshots with a call of its own.
    pub(super) fn lead_open(&mut self, now: Millis, generation: u64, query: String, calls: bool) -> Vec<TabEffect> {
        let Some(lead) = &mut self.lead else { return Vec::new() };
        let has_cursor = self.follow.cursor().is_some();
        // The other tabs want summaries of the jobs that this tab follows.
        let mut wide = query.replace("watch=jobs", "watch=all");
        let (mut watches, mut needs_own) = (wide.contains("watch=all"), false);
        if !watches && !lead.listeners.is_empty() {
            (wide, watches) = (format!("watch=all&{wide}"), true);
        }
        let mut jobs: SortedSet<JobId> = self.follow.asked_jobs().map(|(job, _)| job).collect();
        for job in lead.others() {
            let (new, held) = (format!("job={job}"), format!("held={job}"));
            if jobs.insert(job) {
                wide = format!("{wide}&{held}");
            } else if wide.contains(&new) && has_cursor && !calls {
                wide = wide.replace(&new, &held);
                needs_own = true;
            }
        }
        let effect = match calls {
            true => FollowEffect::Ask { generation, query: wide },
            false => FollowEffect::Open { generation, query: wide },
        };
        let mut effects = vec![TabEffect::Do(effect)];
        if let Some(connection) = lead.connection.as_mut().filter(|connection| connection.generation == generation) {
            (connection.jobs, connection.watches) = (jobs, watches);
            return effects;
        }
        let told: Vec<JobId> = jobs.iter().copied().collect();
        lead.connection = Some(LeadConnection { generation, jobs, watches, passed: 0, opened: now });
        lead.reopen_at = None;
        let place = LeaderConnection { leader: self.me.clone(), connection: generation };
        if !lead.listeners.is_empty() {
            let from = self.follow.cursor().cloned();
            effects.push(TabEffect::Post(TabMessage::Opens { place: place.clone(), from, jobs: told }.to_string()));
        }
        self.listening =
            Listening::At { place, next: 0, joined: needs_own, backlog: needs_own.then(Vec::new), said: now };
        if needs_own {
            effects.push(self.catch_up());
        }
        effects
    }

    /// Takes in what another tab says to the leader.
    pub(super) fn led(&mut self, now: Millis, word: TabMessage) -> Vec<TabEffect> {
        let Some(lead) = &mut self.lead else { return Vec::new() };
        match word {
            TabMessage::Wants { tab, round, jobs } => {
                let wanted: SortedSet<JobId> = jobs.iter().copied().collect();
                lead.listeners.insert(tab.clone(), Listener { jobs, said: now });
                let own = self.follow.asked_jobs().map(|(job, _)| job);
                if own.chain(lead.others()).collect::<SortedSet<_>>().len() > JOBS_LIMIT {
                    lead.listeners.remove(&tab);
                    return vec![TabEffect::Post(TabMessage::Full { tab, round }.to_string())];
                }
                match &lead.connection {
                    // The next connection is announced to all.
                    None => vec![TabEffect::Post(TabMessage::Waits { tab, round }.to_string())],
                    Some(connection) if connection.watches && wanted.is_subset(&connection.jobs) => {
                        let place = LeaderConnection { leader: self.me.clone(), connection: connection.generation };
                        let word = TabMessage::Takes { tab, round, place, next: connection.passed };
                        vec![TabEffect::Post(word.to_string())]
                    }
                    Some(connection) => {
                        let soon = now.max(connection.opened + REOPEN_EVERY);
                        lead.reopen_at = Some(lead.reopen_at.map_or(soon, |at| at.min(soon)));
                        self.reopen_if_due(now)
                    }
                }
            }
            TabMessage::Gone { tab } => {
                lead.listeners.remove(&tab);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The leader's part of a tick.
    pub(super) fn lead_on(&mut self, now: Millis) -> Vec<TabEffect> {
        if let Some(lead) = &mut self.lead {
            lead.listeners.retain(|_, listener| now.saturating_sub(listener.said) < GONE_AFTER);
        }
        self.reopen_if_due(now)
    }

    fn reopen_if_due(&mut self, now: Millis) -> Vec<TabEffect> {
        let due = self.lead.as_mut().and_then(|lead| lead.reopen_at.take_if(|at| *at <= now));
        if due.is_some() && self.source.is_some() { self.act(now, super::Follow::open) } else { Vec::new() }
    }
}
