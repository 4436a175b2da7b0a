//! Gives free places to queued jobs, and free workers to items.

use std::cmp::Reverse;

use super::{Effect, Schedule, append};
use headway_model::event::JobEvent;
use headway_model::mutants::{self, Mutant};

impl Schedule {
    /// Begins queued jobs while there are places, and claims items while workers are free: for the job with the highest priority,
    /// and among equals for the one with the fewest items at work. Some quick items are claimed ahead.
    pub(crate) fn claim(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.draining || self.dead {
            return effects;
        }
        self.begin_queued(&mut effects);
        let mut busy: usize = self.jobs.values().map(|job| job.active.len()).sum();
        let now = self.now;
        self.jobs.iter_mut().for_each(|(id, job)| job.read_again(*id, now, &mut effects));
        self.jobs.values_mut().for_each(|job| job.wake(now));
        self.jobs.iter_mut().for_each(|(id, job)| job.judge_open(*id, now, &mut effects));
        let workers = self.limits.workers;
        let stock = busy;
        loop {
            let free = self.jobs.iter_mut().filter(|(_, job)| job.can_claim());
            let next = free.min_by_key(|(id, job)| (Reverse(job.fold.priority), job.active.len(), **id));
            let Some((id, job)) = next else { break };
            // Only the job whose turn it is can claim ahead. It does so in lots, once a quarter of the stock is used up.
            let most = workers * (1 + job.goes_ahead());
            if busy >= workers && (busy >= most || stock > most * 3 / 4) {
                break;
            }
            let Some(item) = job.next_waiting() else { continue };
            let attempt = job.fold.last_attempt(item) + 1;
            job.claimed.insert(item, attempt);
            job.active.insert(item, attempt);
            busy += 1;
            effects.push(append(*id, JobEvent::Started { item, attempt }));
            if job.is_repeatable() || mutants::is(Mutant::WorkBeforeItsRecord) {
                effects.push(Effect::Start { job: *id, item, attempt });
            }
        }
        effects
    }

    fn begin_queued(&mut self, effects: &mut Vec<Effect>) {
        let mut places = self.limits.jobs.saturating_sub(self.jobs.values().filter(|job| job.holds_place()).count());
        for id in self.queue() {
            let Some(job) = self.jobs.get_mut(&id).filter(|job| !job.asked && !job.unread) else { continue };
            // A job resumed while its items still run already has its place.
            if !job.holds_place() {
                if places == 0 {
                    continue;
                }
                places -= 1;
            }
            job.asked = true;
            effects.push(append(id, JobEvent::Began {}));
        }
    }
}
