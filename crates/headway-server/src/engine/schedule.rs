//! Decides which job runs, which item starts and what ends: a machine without IO. Recorded events and finished work go in; work to
//! start and events to record come out. Its state is what the writer has recorded. Requests that are not recorded yet are kept
//! apart (`claimed`, `asked`), so that nothing is requested twice.

mod claim;
mod job;
mod messages;
mod record;
mod take_up;

use std::collections::BTreeMap;

use job::{Job, has_come};
pub use messages::{Effect, Hold, Input, Limits, Past, Terms, WorkOutcome};

use headway_files::Verdict;
use headway_model::event::{JobEvent, MESSAGE_LIMIT, cut};
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::status::{JobStatus, PauseReason};
use headway_model::{Digest, FailReason, Fold};
use headway_recipes::Unable;

/// The shortest rest of a job after a shortage, in milliseconds.
const SHORTEST_REST: u64 = 500;

/// The longest rest, about half an hour. A shortage might concern one folder only, such as a read-only one, which only the work
/// itself runs into; and each try adds two events to the log.
const LONGEST_REST: u64 = SHORTEST_REST << DOUBLINGS;
const DOUBLINGS: u32 = 12;

/// Minimum number of attempts for failures that the recipe marks as transient.
const TRANSIENT_TRIES: u32 = 5;

/// The machine.
#[derive(Debug, Clone)]
pub struct Schedule {
    limits: Limits,
    jobs: BTreeMap<JobId, Job>,
    /// What the last process left open, until [`Schedule::begin`] takes it up.
    past: BTreeMap<JobId, Past>,
    now: Millis,
    draining: bool,
    dead: bool,
    /// Whether the queue might have changed since [`Schedule::has_moved`] was last called.
    moved: bool,
}

impl Schedule {
    /// A schedule over these live jobs of the log.
    pub fn new(limits: Limits, now: Millis, live: Vec<(Fold, Option<Terms>, Past)>) -> Self {
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
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The limits on what runs at the same time.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes up what the last process left: items that were running become interrupted, and every job goes on.
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let (mut past, now) = (std::mem::take(&mut self.past), self.now);
        for (id, job) in &mut self.jobs {
            job.take_up(*id, past.remove(id).unwrap_or_default(), now, &mut effects);
        }
        effects.extend(self.claim());
        effects
    }

    /// Handles an input.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Recorded { job, recorded, digest } => self.recorded(job, &recorded, digest, &mut effects),
            Input::Refused { job, event } => self.refused(job, &event, &mut effects),
            Input::Done { job, item, attempt, outcome } => self.done(job, item, attempt, outcome, &mut effects),
            Input::Judged { job, item, verdict, detail } => self.judged(job, item, verdict, detail, &mut effects),
            Input::Finished { job, result } => self.finished(job, result, &mut effects),
            Input::Time(now) => self.now = now,
            Input::Terms { job, terms } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.terms = Some(terms);
                }
            }
            Input::TakenUp { job: id, terms, past } => {
                if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.unread) {
                    job.terms = terms;
                    job.take_up(id, past, self.now, &mut effects);
                }
            }
            Input::PlanOver { job } => self.plan_over(job, &mut effects),
            Input::Limits(limits) => self.limits = limits,
            Input::Pace { job, ahead } => self.jobs.get_mut(&job).into_iter().for_each(|job| job.ahead = ahead),
            Input::Short(reason) => {
                let active = |status| matches!(status, JobStatus::Planning | JobStatus::Queued | JobStatus::Processing);
                let active = self.jobs.iter().filter(|(_, job)| active(job.fold.status));
                effects.extend(active.map(|(id, _)| append(*id, JobEvent::Paused { reason })));
            }
            Input::Eased { job, reason } => {
                let paused = |job: &Job| job.fold.status == JobStatus::Paused { reason };
                if self.jobs.get(&job).is_some_and(paused) {
                    effects.push(append(job, JobEvent::Resumed {}));
                }
            }
            Input::Drain => {
                self.draining = true;
                self.jobs.keys().for_each(|job| effects.push(Effect::StopPlan { job: *job }));
            }
            Input::DrainOver => self.stop_all(&mut effects),
            Input::Dead => {
                self.dead = true;
                self.stop_all(&mut effects);
            }
        }
        if self.dead {
            effects.retain(|effect| matches!(effect, Effect::Stop { .. } | Effect::StopPlan { .. }));
        }
        effects
    }

    /// When the next delayed item is due.
    pub fn due(&self) -> Option<Millis> {
        let processing = self.jobs.values().filter(|job| job.fold.status == JobStatus::Processing);
        processing.filter_map(|job| job.later.first().map(|(at, _)| *at)).min()
    }

    /// The jobs paused by the environment that have rested long enough to be tried again. The rest doubles each time in a row,
    /// because only the work itself runs into some shortages, such as a quota.
    pub fn paused(&self) -> Vec<(JobId, PauseReason)> {
        let rested = self.jobs.iter().filter(|(_, job)| has_come(job.rests_until, self.now));
        let paused = rested.filter_map(|(id, job)| match job.fold.status {
            JobStatus::Paused { reason } => Some((*id, reason)),
            _ => None,
        });
        paused.filter(|(_, reason)| reason.is_environment()).collect()
    }

    /// Whether the queue might have changed since the last call.
    pub fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// The queued jobs, next first.
    pub fn queue(&self) -> Vec<JobId> {
        let mut queued: Vec<_> = self.jobs.iter().filter(|(_, job)| job.fold.status == JobStatus::Queued).collect();
        queued.sort_by_key(|(id, job)| (-i64::from(job.fold.priority), job.fold.created, **id));
        queued.into_iter().map(|(id, _)| *id).collect()
    }

    fn plan_over(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.planning = false;
        if std::mem::take(&mut job.replan) && job.fold.status == JobStatus::Planning {
            job.plan(id, effects);
        }
    }

    fn done(&mut self, id: JobId, item: u32, attempt: u32, outcome: WorkOutcome, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.active.remove(&item);
        if job.void.remove(&item) {
            job.put_back(item);
            job.conclude(id, effects);
            return;
        }
        let detail = match &outcome {
            WorkOutcome::Succeeded(_, result) => Some(result.clone()),
            _ => None,
        };
        let goes_on = job.goes_on();
        let again = goes_on && job.fold.item(item) != Some(ItemStatus::Placing);
        let now = self.now;
        let failed = |reason, message: &str, least| {
            let message = cut(message, MESSAGE_LIMIT);
            match job.retry_at(item, attempt, least, now).filter(|_| again) {
                Some(retry_at) => JobEvent::AttemptFailed { item, attempt, retry_at, reason, message },
                None => JobEvent::Failed { item, attempt, reason, message },
            }
        };
        let event = match outcome {
            WorkOutcome::Succeeded(effect, result) => {
                let detail = Some(Digest::of(result.as_bytes()));
                JobEvent::Succeeded { item, attempt, effect, detail }
            }
            WorkOutcome::Skipped(reason) => JobEvent::Skipped { item, attempt, reason },
            WorkOutcome::Failed(reason, message) => failed(reason, &message, 1),
            WorkOutcome::Retry(message) => failed(FailReason::Command, &message, TRANSIENT_TRIES),
            WorkOutcome::Lost => JobEvent::Recovered { item, attempt },
            WorkOutcome::Environment(reason) if goes_on => {
                effects.push(append(id, JobEvent::Returned { item, attempt }));
                JobEvent::Paused { reason }
            }
            WorkOutcome::Unjudged(reason) => {
                job.leave_open(item, now, false);
                job.pause_for(id, Some(reason), effects);
                return;
            }
            WorkOutcome::Stopped if goes_on => JobEvent::Returned { item, attempt },
            WorkOutcome::Stopped | WorkOutcome::Environment(_) => job.ended(item, attempt),
        };
        effects.push(Effect::Append { job: id, event, detail });
    }

    /// The placement of an item that no worker holds was judged.
    fn judged(&mut self, id: JobId, item: u32, verdict: Verdict, detail: Option<String>, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let Some(died) = job.judging.remove(&item) else { return };
        let attempt = job.fold.last_attempt(item);
        let event = match end_of_placing(item, attempt, verdict, detail.as_deref()) {
            Ok(Some(event)) => event,
            Ok(None) if died || !job.goes_on() => JobEvent::Recovered { item, attempt },
            Ok(None) => JobEvent::Returned { item, attempt },
            // A job that ends cannot be resumed, so there is no second look.
            Err(PauseReason::Stuck) if !job.goes_on() => take_up::not_examined(item, attempt),
            Err(reason) => {
                job.leave_open(item, self.now, died);
                return job.pause_for(id, Some(reason), effects);
            }
        };
        effects.push(Effect::Append { job: id, event, detail });
    }

    fn finished(&mut self, id: JobId, result: Result<(), Unable>, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.finishing = false;
        let result = match result {
            Ok(()) => Ok(()),
            Err(Unable::Failed(message)) => Err(message),
            // The step runs again when the job is resumed.
            Err(Unable::Environment(reason)) => {
                let still = job.fold.status == JobStatus::Finishing;
                effects.extend(still.then(|| append(id, JobEvent::Paused { reason })));
                return;
            }
        };
        match job.fold.status {
            JobStatus::Finishing => job.end(id, result, effects),
            // The job returns to this step when it is resumed.
            status if !status.is_terminal() && status != JobStatus::Cancelling => job.finished = Some(result),
            _ => {}
        }
    }

    fn stop_all(&self, effects: &mut Vec<Effect>) {
        for (id, job) in &self.jobs {
            effects.push(Effect::StopPlan { job: *id });
            job.stop_items(*id, effects);
        }
    }
}

/// The event that ends a placing, given how far it got; `None` if it was taken back, the reason if that is not known.
fn end_of_placing(
    item: u32,
    attempt: u32,
    verdict: Verdict,
    detail: Option<&str>,
) -> Result<Option<JobEvent>, PauseReason> {
    match verdict {
        Verdict::Done(effect) => {
            let detail = detail.map(|text| Digest::of(text.as_bytes()));
            Ok(Some(JobEvent::Succeeded { item, attempt, effect, detail }))
        }
        Verdict::Conflict(message) => {
            let message = cut(&message, MESSAGE_LIMIT);
            Ok(Some(JobEvent::Failed { item, attempt, reason: FailReason::Conflict, message }))
        }
        Verdict::TakenBack => Ok(None),
        Verdict::NotKnown(reason) => Err(reason),
    }
}

/// How long a job rests after this many shortages in a row, in milliseconds.
fn rest(shortages: u32) -> u64 {
    SHORTEST_REST << shortages.min(DOUBLINGS)
}

fn append(job: JobId, event: JobEvent) -> Effect {
    Effect::Append { job, event, detail: None }
}

#[cfg(test)]
mod tests;
