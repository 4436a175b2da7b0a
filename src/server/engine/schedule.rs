//! Which job runs, which item starts, what ends: a machine without IO. Recorded facts and finished work in; work to
//! start and facts to record out. It believes only what the writer has recorded; what it has asked for and not yet
//! seen recorded it keeps apart (`claimed`, `asked`), so that nothing is asked for twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::event::{JobEvent, MESSAGE_LIMIT, Outcome, Recorded, cut};
use crate::model::id::JobId;
use crate::model::item::ItemStatus;
use crate::model::status::{EndReason, JobStatus};
use crate::model::{Effect as ItemEffect, FailReason, Fold, SkipReason};

/// How much may run at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Jobs that process at once.
    pub jobs: usize,
    /// Items that run at once, over all jobs.
    pub workers: usize,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// An event is durable.
    Recorded {
        /// The job.
        job: JobId,
        /// The event.
        recorded: Recorded,
        /// Its payload.
        payload: String,
    },
    /// An event that this machine asked for was refused.
    Refused {
        /// The job.
        job: JobId,
        /// The event.
        event: JobEvent,
    },
    /// An attempt is over.
    Done {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// How it ended.
        outcome: WorkOutcome,
    },
    /// The last step is over.
    Finished {
        /// The job.
        job: JobId,
        /// What went wrong, if anything.
        result: Result<(), String>,
    },
    /// The server stops: claim nothing more, end what runs.
    Drain,
    /// The log cannot be written: do nothing more.
    Dead,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkOutcome {
    /// Done; with what the recipe found, as JSON.
    Succeeded(ItemEffect, String),
    /// Nothing to do.
    Skipped(SkipReason),
    /// Failed.
    Failed(FailReason, String),
    /// Ended because it was asked to.
    Stopped,
}

/// What the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Record a fact.
    Append {
        /// The job.
        job: JobId,
        /// The fact.
        event: JobEvent,
        /// What belongs to it.
        detail: Option<String>,
    },
    /// List the job's files; go on behind what is already listed.
    Plan {
        /// The job.
        job: JobId,
    },
    /// End the listing.
    StopPlan {
        /// The job.
        job: JobId,
    },
    /// Begin to work on an item.
    Start {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
        /// The attempt.
        attempt: u32,
    },
    /// End the work on an item.
    Stop {
        /// The job.
        job: JobId,
        /// The item.
        item: u32,
    },
    /// Run the recipe's last step.
    Finish {
        /// The job.
        job: JobId,
    },
    /// The job is over: forget it.
    Over {
        /// The job.
        job: JobId,
    },
}

/// A job that is not over.
struct Job {
    fold: Fold,
    /// Whether work may begin before its `started` is durable.
    repeatable: bool,
    /// Attempts whose `started` is asked for, not yet recorded.
    claimed: BTreeMap<u32, u32>,
    /// Attempts that run, or wait for their `started` to be durable.
    active: BTreeMap<u32, u32>,
    /// Of these, attempts whose `started` was refused: their outcome is thrown away.
    void: BTreeSet<u32>,
    /// Every waiting item is at or after this index, or in `again`.
    scan: u32,
    again: BTreeSet<u32>,
    /// A job event that is asked for, not yet recorded.
    asked: bool,
    finishing: bool,
}

/// The machine.
pub struct Schedule {
    limits: Limits,
    jobs: BTreeMap<JobId, Job>,
    repeatable: Box<dyn Fn(&str) -> bool + Send>,
    draining: bool,
    dead: bool,
}

impl Schedule {
    /// A schedule that takes up these jobs, as the log has them. `repeatable` tells it of a recipe.
    pub fn new(limits: Limits, live: Vec<Fold>, repeatable: impl Fn(&str) -> bool + Send + 'static) -> Self {
        let repeatable: Box<dyn Fn(&str) -> bool + Send> = Box::new(repeatable);
        let jobs = live.into_iter().map(|fold| (fold.id, Job::new(repeatable(&fold.recipe), fold))).collect();
        Schedule { limits, jobs, repeatable, draining: false, dead: false }
    }

    /// What the last process left: items that were running are interrupted, and everything goes on.
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (id, job) in &mut self.jobs {
            for (item, status) in job.fold.items() {
                let attempt = job.fold.last_attempt(item);
                let event = match status {
                    ItemStatus::Running if job.fold.halt.is_some() => JobEvent::Stopped { item, attempt },
                    ItemStatus::Running | ItemStatus::Placing => JobEvent::Recovered { item, attempt },
                    ItemStatus::Interrupted if job.fold.halt.is_none() => JobEvent::Requeued { item },
                    _ => continue,
                };
                effects.push(append(*id, event));
            }
            job.go_on(*id, &mut effects);
        }
        effects.extend(self.claim());
        effects
    }

    /// Takes in what happened.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Recorded { job, recorded, payload } => self.recorded(job, &recorded, &payload, &mut effects),
            Input::Refused { job, event } => self.refused(job, &event, &mut effects),
            Input::Done { job, item, attempt, outcome } => self.done(job, item, attempt, outcome, &mut effects),
            Input::Finished { job, result } => self.finished(job, result, &mut effects),
            Input::Drain => {
                self.draining = true;
                self.stop_all(&mut effects);
            }
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

    /// Gives free places to jobs, and free workers to items: to the job that has fewest at work.
    pub fn claim(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.draining || self.dead {
            return effects;
        }
        self.begin_queued(&mut effects);
        let mut busy: usize = self.jobs.values().map(|job| job.active.len()).sum();
        while busy < self.limits.workers {
            let free = self.jobs.iter_mut().filter(|(_, job)| job.may_claim());
            let Some((id, job)) = free.min_by_key(|(id, job)| (job.active.len(), **id)) else { break };
            let Some(item) = job.next_waiting() else { continue };
            let attempt = job.fold.last_attempt(item) + 1;
            job.claimed.insert(item, attempt);
            job.active.insert(item, attempt);
            busy += 1;
            effects.push(append(*id, JobEvent::Started { item, attempt }));
            if job.repeatable {
                effects.push(Effect::Start { job: *id, item, attempt });
            }
        }
        effects
    }

    /// The queued jobs, next first.
    pub fn queue(&self) -> Vec<JobId> {
        let mut queued: Vec<_> = self.jobs.iter().filter(|(_, job)| job.fold.status == JobStatus::Queued).collect();
        queued.sort_by_key(|(id, job)| (-i64::from(job.fold.priority), job.fold.created, **id));
        queued.into_iter().map(|(id, _)| *id).collect()
    }

    fn begin_queued(&mut self, effects: &mut Vec<Effect>) {
        let holds_place = |job: &&Job| {
            let at_work = matches!(job.fold.status, JobStatus::Processing | JobStatus::Finishing);
            at_work || !job.active.is_empty() || (job.fold.status == JobStatus::Queued && job.asked)
        };
        let mut places = self.limits.jobs.saturating_sub(self.jobs.values().filter(holds_place).count());
        for id in self.queue() {
            if places == 0 {
                break;
            }
            if let Some(job) = self.jobs.get_mut(&id).filter(|job| !job.asked) {
                job.asked = true;
                places -= 1;
                effects.push(append(id, JobEvent::Began {}));
            }
        }
    }

    fn recorded(&mut self, id: JobId, recorded: &Recorded, payload: &str, effects: &mut Vec<Effect>) {
        if recorded.seq == 1 {
            // The writer's own judge has accepted it a moment ago.
            let Ok(fold) = Fold::create_recorded(recorded, payload) else { return };
            let job = Job::new((self.repeatable)(&fold.recipe), fold);
            self.jobs.insert(id, job);
            effects.push(Effect::Plan { job: id });
            return;
        }
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if job.fold.apply_recorded(recorded, payload).is_err() {
            return;
        }
        match &recorded.event {
            JobEvent::Started { item, attempt } => {
                job.claimed.remove(item);
                if !job.repeatable && job.active.get(item) == Some(attempt) {
                    effects.push(Effect::Start { job: id, item: *item, attempt: *attempt });
                }
            }
            JobEvent::Recovered { item, .. } if job.fold.halt.is_none() => {
                effects.push(append(id, JobEvent::Requeued { item: *item }));
            }
            JobEvent::Requeued { item } | JobEvent::Returned { item, .. } | JobEvent::AttemptFailed { item, .. } => {
                job.again.insert(*item);
            }
            JobEvent::CancelRequested {} => {
                effects.push(Effect::StopPlan { job: id });
                job.active.keys().for_each(|item| effects.push(Effect::Stop { job: id, item: *item }));
            }
            JobEvent::Finishing {} => {
                job.finishing = true;
                effects.push(Effect::Finish { job: id });
            }
            _ => {}
        }
        if recorded.event.item().is_none() {
            job.asked = false;
        }
        if job.fold.status.is_terminal() {
            effects.push(Effect::Over { job: id });
            // Work whose end could not be recorded any more may still be running; it is not claimed again.
            self.jobs.remove(&id);
        } else {
            job.conclude(id, effects);
        }
    }

    fn refused(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match event {
            JobEvent::Started { item, .. } => {
                job.claimed.remove(item);
                if job.repeatable {
                    if job.active.contains_key(item) {
                        job.void.insert(*item);
                        effects.push(Effect::Stop { job: id, item: *item });
                    }
                } else {
                    job.active.remove(item);
                }
                if job.fold.item(*item) == Some(ItemStatus::Waiting) {
                    job.again.insert(*item);
                }
            }
            _ if event.item().is_none() => job.asked = false,
            _ => {}
        }
        // What was refused may be the last thing that was waited for, whichever of its reports came first.
        job.conclude(id, effects);
    }

    fn done(&mut self, id: JobId, item: u32, attempt: u32, outcome: WorkOutcome, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.active.remove(&item);
        if job.void.remove(&item) {
            job.conclude(id, effects);
            return;
        }
        let detail = match &outcome {
            WorkOutcome::Succeeded(_, result) => Some(result.clone()),
            _ => None,
        };
        let event = match outcome {
            WorkOutcome::Succeeded(effect, result) => {
                let detail = Some(crate::model::Digest::of(result.as_bytes()));
                JobEvent::Succeeded { item, attempt, effect, detail }
            }
            WorkOutcome::Skipped(reason) => JobEvent::Skipped { item, attempt, reason },
            WorkOutcome::Failed(reason, message) => {
                JobEvent::Failed { item, attempt, reason, message: cut(&message, MESSAGE_LIMIT) }
            }
            WorkOutcome::Stopped if job.fold.status == JobStatus::Cancelling || job.fold.halt.is_some() => {
                JobEvent::Stopped { item, attempt }
            }
            WorkOutcome::Stopped => JobEvent::Returned { item, attempt },
        };
        effects.push(Effect::Append { job: id, event, detail });
    }

    fn finished(&mut self, id: JobId, result: Result<(), String>, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.finishing = false;
        if job.fold.status != JobStatus::Finishing {
            return;
        }
        let counters = &job.fold.counters;
        let outcome = match result {
            Err(message) => Outcome::Failed { reason: EndReason::Finish, message: cut(&message, MESSAGE_LIMIT) },
            Ok(()) if counters.all_failed() => Outcome::Failed { reason: EndReason::AllFailed, message: String::new() },
            Ok(()) if counters.failed > 0 => Outcome::CompletedWithErrors,
            Ok(()) => Outcome::Completed,
        };
        job.asked = true;
        effects.push(append(id, JobEvent::Ended { outcome }));
    }

    fn stop_all(&self, effects: &mut Vec<Effect>) {
        for (id, job) in &self.jobs {
            effects.push(Effect::StopPlan { job: *id });
            job.active.keys().for_each(|item| effects.push(Effect::Stop { job: *id, item: *item }));
        }
    }
}

impl Job {
    fn new(repeatable: bool, fold: Fold) -> Self {
        Job {
            fold,
            repeatable,
            claimed: BTreeMap::new(),
            active: BTreeMap::new(),
            void: BTreeSet::new(),
            scan: 0,
            again: BTreeSet::new(),
            asked: false,
            finishing: false,
        }
    }

    /// Takes up a job after a restart.
    fn go_on(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        match self.fold.status {
            JobStatus::Planning => effects.push(Effect::Plan { job: id }),
            JobStatus::Finishing => {
                self.finishing = true;
                effects.push(Effect::Finish { job: id });
            }
            _ => self.conclude(id, effects),
        }
    }

    /// Asks for the event that ends a phase, once nothing stands in its way.
    fn conclude(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        let counters = &self.fold.counters;
        let event = match self.fold.status {
            _ if self.asked => return,
            JobStatus::Processing if counters.open() == 0 && self.fold.fails_by_halt() => {
                JobEvent::Ended { outcome: Outcome::Failed { reason: EndReason::Halt, message: String::new() } }
            }
            JobStatus::Processing if counters.open() == 0 => JobEvent::Finishing {},
            // Work that could not be recorded any more is waited for as well.
            JobStatus::Cancelling if counters.running == 0 && self.active.is_empty() => JobEvent::Cancelled {},
            _ => return,
        };
        self.asked = true;
        effects.push(append(id, event));
    }

    fn may_claim(&self) -> bool {
        let limit = self.fold.concurrency as usize;
        let below = limit == 0 || self.active.len() < limit;
        self.fold.status == JobStatus::Processing
            && self.fold.halt.is_none()
            && below
            && (!self.again.is_empty() || self.scan < self.fold.counters.total)
    }

    /// The next item to try; moves the scan on.
    fn next_waiting(&mut self) -> Option<u32> {
        let free = |job: &Job, item: u32| {
            job.fold.item(item) == Some(ItemStatus::Waiting)
                && !job.claimed.contains_key(&item)
                && !job.active.contains_key(&item)
        };
        while let Some(item) = self.again.pop_first() {
            if free(self, item) {
                return Some(item);
            }
        }
        while self.scan < self.fold.counters.total {
            let item = self.scan;
            self.scan += 1;
            if free(self, item) {
                return Some(item);
            }
        }
        None
    }
}

fn append(job: JobId, event: JobEvent) -> Effect {
    Effect::Append { job, event, detail: None }
}

#[cfg(test)]
mod tests;
