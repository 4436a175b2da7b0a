//! Decides which job runs, which item starts and what ends: a machine without IO. Recorded events and finished work go in; work to
//! start and events to record come out. Its state is what the writer has recorded. Requests that are not recorded yet are kept
//! apart (`claimed`, `asked`), so that nothing is requested twice.

mod blame;
mod claim;
mod job;
mod messages;
mod open_placing;
mod outcome;
mod phase;
mod record;
mod retry;
mod shortage;
mod take_up;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub(crate) use super::stop::{FinishFailure, StepFailure};
use job::Job;
pub(crate) use messages::{Input, RecoveredState, ScheduleEffect, ScheduleLimits, StartHold, Terms, WorkOutcome};

use headway_model::Fold;
use headway_model::event::JobEvent;
use headway_model::id::{JobId, Millis};
use headway_model::status::JobStatus;

/// The shortest rest of a job after a shortage, in milliseconds.
const SHORTEST_REST: Millis = 500;

/// The longest rest, about half an hour. A shortage might concern one folder only, such as a read-only one, which only the work
/// itself runs into; and each try adds two events to the log.
const LONGEST_REST: Millis = SHORTEST_REST << DOUBLINGS;
const DOUBLINGS: u32 = 12;

/// The machine.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    limits: ScheduleLimits,
    jobs: BTreeMap<JobId, Job>,
    /// What the last process left open, until [`Schedule::begin`] takes it up.
    past: BTreeMap<JobId, RecoveredState>,
    now: Millis,
    draining: bool,
    dead: bool,
    /// Whether the queue might have changed since [`Schedule::has_moved`] was last called.
    moved: bool,
}

impl Schedule {
    /// A schedule over these live jobs of the log.
    pub(crate) fn new(limits: ScheduleLimits, now: Millis, live: Vec<(Fold, Option<Terms>, RecoveredState)>) -> Self {
        let mut jobs = BTreeMap::new();
        let mut left = BTreeMap::new();
        for (fold, terms, past) in live {
            let job = Job::new(fold, terms);
            left.insert(job.fold.id, past);
            jobs.insert(job.fold.id, job);
        }
        Schedule { limits, jobs, past: left, now, draining: false, dead: false, moved: true }
    }

    /// Whether there is no live job.
    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The limits on what runs at the same time.
    pub(crate) fn limits(&self) -> ScheduleLimits {
        self.limits
    }

    /// Takes up what the last process left: items that were running become interrupted, and every job goes on.
    pub(crate) fn begin(&mut self) -> Vec<ScheduleEffect> {
        let mut effects = Vec::new();
        let (mut past, now) = (std::mem::take(&mut self.past), self.now);
        for (id, job) in &mut self.jobs {
            job.take_up(*id, past.remove(id).unwrap_or_default(), now, &mut effects);
        }
        effects.extend(self.claim());
        effects
    }

    /// Handles an input.
    pub(crate) fn step(&mut self, input: Input) -> Vec<ScheduleEffect> {
        let mut effects = Vec::new();
        match input {
            Input::Recorded { job, recorded, digest } => self.recorded(job, &recorded, digest, &mut effects),
            Input::Refused { job, event } => self.refused(job, &event, &mut effects),
            Input::Done { job, item, attempt, outcome } => self.done(job, item, attempt, outcome, &mut effects),
            Input::Free { job, item } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.free(item);
                }
            }
            Input::PlacingRecovered { job, item, state, detail } => {
                self.placing_recovered(job, item, state, detail, &mut effects)
            }
            Input::Finished { job, result } => self.finished(job, result, &mut effects),
            Input::Time(now) => self.now = now,
            Input::Terms { job, terms } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.terms = Some(terms);
                }
            }
            Input::TakenUp { job, terms, past } => self.taken_up(job, terms, past, &mut effects),
            Input::Adopt(left) => self.adopt(*left, &mut effects),
            Input::PlanOver { job } => self.plan_over(job, &mut effects),
            Input::Limits(limits) => self.limits = limits,
            Input::Stalled(stalled) => {
                for (id, job) in &mut self.jobs {
                    job.stalled = stalled.get(id).copied().unwrap_or_default();
                }
            }
            Input::ClaimAhead { job, ahead } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.ahead = ahead;
                }
            }
            Input::Short(reason) => self.pause_active(reason, &mut effects),
            Input::Eased { job, reason } => self.resume_eased(job, reason, &mut effects),
            Input::Drain => self.drain(&mut effects),
            Input::DrainOver => self.stop_all(&mut effects),
            Input::Unsure => self.jobs.iter().for_each(|(id, job)| job.stop_items(*id, &mut effects)),
            Input::Dead => {
                self.dead = true;
                self.stop_all(&mut effects);
            }
        }
        if self.dead {
            effects.retain(|effect| matches!(effect, ScheduleEffect::Stop { .. } | ScheduleEffect::StopStep { .. }));
        }
        effects
    }

    /// When the next delayed item is due.
    #[cfg(test)]
    pub(crate) fn due(&self) -> Option<Millis> {
        let processing = self.jobs.values().filter(|job| job.fold.status == JobStatus::Processing);
        processing.filter_map(|job| job.waiting.later.first().map(|(at, _)| *at)).min()
    }

    /// Whether the queue might have changed since the last call.
    pub(crate) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// The queued jobs, next first.
    pub(crate) fn queue(&self) -> Vec<JobId> {
        let mut queued: Vec<_> = self.jobs.iter().filter(|(_, job)| job.fold.status == JobStatus::Queued).collect();
        queued.sort_by_key(|(id, job)| (-i64::from(job.fold.priority), job.fold.created, **id));
        queued.into_iter().map(|(id, _)| *id).collect()
    }

    /// Adds a job that the last process left open, unless it is already here.
    fn adopt(&mut self, (fold, terms, past): (Fold, Option<Terms>, RecoveredState), effects: &mut Vec<ScheduleEffect>) {
        let id = fold.id;
        if let Entry::Vacant(place) = self.jobs.entry(id) {
            place.insert(Job::new(fold, terms)).take_up(id, past, self.now, effects);
            self.moved = true;
        }
    }

    /// Takes up a job whose state could not be read before.
    fn taken_up(&mut self, id: JobId, terms: Option<Terms>, past: RecoveredState, effects: &mut Vec<ScheduleEffect>) {
        if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.unread) {
            job.terms = terms;
            job.take_up(id, past, self.now, effects);
        }
    }

    /// Stops claiming, and ends preparations and listings. A last step has as long to end as the items.
    fn drain(&mut self, effects: &mut Vec<ScheduleEffect>) {
        self.draining = true;
        let steps = self.jobs.iter().filter(|(_, job)| !job.last_step.runs);
        effects.extend(steps.map(|(id, _)| ScheduleEffect::StopStep { job: *id }));
    }

    fn stop_all(&self, effects: &mut Vec<ScheduleEffect>) {
        for (id, job) in &self.jobs {
            effects.push(ScheduleEffect::StopStep { job: *id });
            job.stop_items(*id, effects);
        }
    }
}

/// How long a job rests after this many shortages in a row, in milliseconds.
fn rest(shortages: u32) -> u64 {
    SHORTEST_REST << shortages.min(DOUBLINGS)
}

fn append(job: JobId, event: JobEvent) -> ScheduleEffect {
    ScheduleEffect::Append { job, event, detail: None }
}

#[cfg(test)]
mod tests;
