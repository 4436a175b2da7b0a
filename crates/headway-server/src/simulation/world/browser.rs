//! What the pages of one browser share: a broadcast channel and a lock.

use super::World;
use crate::simulation::client::SimulatedLock;
use crate::simulation::oracle::BrokenPromise;
use crate::simulation::trace;

impl World {
    /// Delivers one message of the channel to a page, unless a fault loses it. Returns whether there was one.
    pub(in crate::simulation) fn talk(&mut self, client: usize) -> Result<bool, BrokenPromise> {
        self.post();
        let Some(text) = self.clients[client].inbox.pop_front() else { return Ok(false) };
        if self.faults.lossy && !self.quiet && self.draw.below(25) == 0 {
            return Ok(true);
        }
        trace(|| format!("{} page {client} is told {text:?}", self.now));
        let (now, up) = (self.now, self.process.is_some());
        let effects = self.clients[client].tab.channel(now, &text);
        self.clients[client].carry_out(now, up, effects)?;
        self.seen.shared += 1;
        Ok(true)
    }

    /// Delivers the messages of pages to all other pages, even if the sender is closed afterwards.
    pub(in crate::simulation) fn post(&mut self) {
        for speaker in 0..self.clients.len() {
            let said = std::mem::take(&mut self.clients[speaker].outbox);
            for (_, client) in self.clients.iter_mut().enumerate().filter(|(listener, _)| *listener != speaker) {
                client.inbox.extend(said.iter().cloned());
            }
        }
    }

    /// Grants the lock to a page that waits for it. Returns whether there was one.
    pub(in crate::simulation) fn lock(&mut self) -> Result<bool, BrokenPromise> {
        let (now, up) = (self.now, self.process.is_some());
        let with = |world: &World, lock| world.clients.iter().position(|client| client.lock == lock);
        let holder = with(self, SimulatedLock::Holds);
        let next = match with(self, SimulatedLock::Steals) {
            Some(thief) => {
                if let Some(holder) = holder {
                    self.clients[holder].lock = SimulatedLock::No;
                    let effects = self.clients[holder].tab.robbed(now);
                    self.clients[holder].carry_out(now, up, effects)?;
                    self.seen.stolen += 1;
                }
                thief
            }
            None => match with(self, SimulatedLock::Waits).filter(|_| holder.is_none()) {
                Some(first) => first,
                None => return Ok(false),
            },
        };
        self.clients[next].lock = SimulatedLock::Holds;
        let effects = self.clients[next].tab.granted(now);
        self.clients[next].carry_out(now, up, effects)?;
        Ok(true)
    }
}
