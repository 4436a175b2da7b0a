//! Gives free slots to queued jobs, and free workers to items.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::job::Job;
use super::{Schedule, ScheduleEffect, append};
use headway_model::event::JobEvent;
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::JobStatus;

impl Schedule {
    /// Begins queued jobs while there are places, and claims items while workers are free: for the job with the
    /// highest priority, among equals for the one with the fewest items at work, and among these for the one that has
    /// waited longest for its turn: so each job of a priority gets on, however many there are. Some quick items are
    /// claimed ahead.
    ///
    /// Attempts that hang on the storage of one library take nothing away from jobs of other libraries: for these
    /// jobs, their workers and places count as free.
    pub(crate) fn claim(&mut self) -> Vec<ScheduleEffect> {
        let mut effects = Vec::new();
        if self.draining || self.dead {
            return effects;
        }
        let silent = self.silent();
        let stalled: usize = self.jobs.values().map(Job::stalled).sum();
        self.begin_queued(&silent, &mut effects);
        let mut busy: usize = self.jobs.values().map(|job| job.active.len()).sum();
        let now = self.now;
        self.jobs.iter_mut().for_each(|(id, job)| job.read_again(*id, now, &mut effects));
        self.jobs.values_mut().for_each(|job| job.wake(now));
        self.jobs.iter_mut().for_each(|(id, job)| job.recover_open(*id, now, &mut effects));
        let workers = self.limits.workers;
        let stock = busy - stalled;
        let mut last = self.jobs.values().map(|job| job.turn).max().unwrap_or_default();
        loop {
            let all_busy = busy >= workers;
            let free = self.jobs.iter_mut().filter(|(_, job)| job.can_claim() && !(all_busy && job.is_of(&silent)));
            let next = free.min_by_key(|(id, job)| (Reverse(job.fold.priority), job.active.len(), job.turn, **id));
            let Some((id, job)) = next else { break };
            // Only the job whose turn it is can claim ahead. It does so in batches, once a quarter of the stock is used up.
            let most = workers * (1 + job.goes_ahead());
            let alive = busy - stalled;
            if alive >= workers && (alive >= most || stock > most * 3 / 4) {
                break;
            }
            let Some(item) = job.next_waiting() else { continue };
            if last == 0 || job.turn < last {
                last += 1;
                job.turn = last;
            }
            let attempt = job.fold.last_attempt(item) + 1;
            job.claimed.insert(item, attempt);
            job.active.insert(item, attempt);
            busy += 1;
            effects.push(append(*id, JobEvent::Started { item, attempt }));
            if job.is_repeatable() || mutants::is(Mutant::WorkBeforeItsRecord) {
                effects.push(ScheduleEffect::Start { job: *id, item, attempt });
            }
        }
        effects
    }

    /// The libraries on whose storage attempts hang.
    fn silent(&self) -> BTreeSet<Arc<str>> {
        let stalled = self.jobs.values().filter(|job| job.stalled() > 0);
        stalled.filter_map(|job| Some(Arc::clone(&job.terms.as_ref()?.library))).collect()
    }

    fn begin_queued(&mut self, silent: &BTreeSet<Arc<str>>, effects: &mut Vec<ScheduleEffect>) {
        let held = |is: &dyn Fn(&Job) -> bool| self.jobs.values().filter(|job| job.holds_place() && is(job)).count();
        // A job whose files others hold takes no place: one of them might be in the queue.
        let mut places = self.limits.jobs.saturating_sub(held(&|job| !job.is_stalled() && !job.is_held_up()));
        // For jobs on silent storage, the jobs that hang count too.
        let mut places_there = self.limits.jobs.saturating_sub(held(&|job| !job.is_held_up()));
        for id in self.queue() {
            let Some(job) = self.jobs.get_mut(&id).filter(|job| !job.asked && !job.unread) else { continue };
            // A job resumed while its items still run already has its place.
            if !job.holds_place() {
                if places == 0 || places_there == 0 && job.is_of(silent) {
                    continue;
                }
                places -= 1;
                places_there = places_there.saturating_sub(1);
            }
            job.asked = true;
            effects.push(append(id, JobEvent::Began {}));
        }
    }
}

impl Job {
    pub(super) fn can_claim(&self) -> bool {
        let limit = self.fold.concurrency as usize;
        let below = limit == 0 || self.active.len() < limit;
        self.fold.status == JobStatus::Processing
            && self.terms.is_some()
            && self.fold.halt.is_none()
            // A halt might be requested and not recorded yet.
            && !self.asked
            && !self.asking
            && !self.unread
            && below
            && (!self.waiting.again.is_empty() || self.waiting.next < self.fold.counters.total)
    }

    /// How many items to claim ahead for each worker: none if the request limits concurrency or says when to halt.
    pub(super) fn goes_ahead(&self) -> usize {
        let free = self.fold.concurrency == 0 && self.terms.as_ref().is_some_and(|terms| terms.halt.is_none());
        if free { self.ahead } else { 0 }
    }

    /// The next item to claim. Advances the scan.
    pub(super) fn next_waiting(&mut self) -> Option<u32> {
        let free = |job: &Job, item: u32| {
            job.fold.item(item) == Some(ItemStatus::Waiting)
                && !job.claimed.contains_key(&item)
                && !job.active.contains_key(&item)
                && !job.waiting.delayed.contains(&item)
                && !job.waiting.held.contains(&item)
        };
        while let Some(item) = self.waiting.again.pop_first() {
            if free(self, item) {
                return Some(item);
            }
        }
        while self.waiting.next < self.fold.counters.total {
            let item = self.waiting.next;
            self.waiting.next += 1;
            if free(self, item) {
                return Some(item);
            }
        }
        None
    }
}
