//! Which job runs, which item starts, what ends: a machine without IO. Recorded facts and finished work in; work to
//! start and facts to record out. It believes only what the writer has recorded; what it has asked for and not yet
//! seen recorded it keeps apart (`claimed`, `asked`), so that nothing is asked for twice.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::broken::{self, Broken};
use crate::model::event::{HaltBy, HaltWhen, JobEvent, MESSAGE_LIMIT, Outcome, Recorded, cut};
use crate::model::id::{JobId, Millis};
use crate::model::item::ItemStatus;
use crate::model::policy::Halt;
use crate::model::status::{EndReason, JobStatus, PauseReason};
use crate::model::{Digest, Effect as ItemEffect, FailReason, Fold, SkipReason};
use crate::server::files::Verdict;

/// No item waits longer than this for its next try, in milliseconds.
const LONGEST_BACKOFF: u64 = 10 * 60 * 1_000;

/// So long a job rests at least when nothing could go well, in milliseconds.
const SHORTEST_REST: u64 = 500;

/// What says of itself that it may go well later is tried so often at least.
const TRANSIENT_TRIES: u32 = 5;

/// How much may run at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Jobs that process at once.
    pub jobs: usize,
    /// Items that run at once, over all jobs.
    pub workers: usize,
}

/// What of a job's request decides how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whether work may begin before its `started` is durable.
    pub repeatable: bool,
    /// Tries in all.
    pub tries: u32,
    /// The wait before the second try, in milliseconds.
    pub backoff: u64,
    /// When to give up.
    pub halt: Option<Halt>,
    /// Whether a person is asked before an interrupted item runs again.
    pub ask: bool,
}

/// What of a live job's log is not in its fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// How far placements came that the last process left open, and what there is to tell of each that is done, as JSON.
    pub placed: BTreeMap<u32, (Verdict, Option<String>)>,
    /// Attempts that do not count as tries.
    pub free: BTreeMap<u32, u32>,
    /// When waiting items may be tried again.
    pub retry_at: BTreeMap<u32, Millis>,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// The time, in milliseconds since 1970.
    Time(Millis),
    /// How a job is to run; before this nothing of it starts.
    Terms {
        /// The job.
        job: JobId,
        /// How.
        terms: Terms,
    },
    /// The listing of a job's files is over, whole or not.
    PlanOver {
        /// The job.
        job: JobId,
    },
    /// How much may run at once, from now on.
    Limits(Limits),
    /// Nothing can go well at present, for this reason.
    Short(PauseReason),
    /// The reason for which a job is paused is over.
    Eased {
        /// The job.
        job: JobId,
        /// The reason.
        reason: PauseReason,
    },
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
    /// The server stops: claim nothing more.
    Drain,
    /// It waits no longer: end what runs.
    DrainOver,
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
    /// Failed, and says that it may go well later.
    Retry(String),
    /// Ended because it was asked to.
    Stopped,
    /// Nothing could go well, for this reason.
    Environment(PauseReason),
    /// What did the work is gone.
    Lost,
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
#[derive(Debug, Clone)]
struct Job {
    fold: Fold,
    /// `None` until its request has been read.
    terms: Option<Terms>,
    /// Attempts whose `started` is asked for, not yet recorded.
    claimed: BTreeMap<u32, u32>,
    /// Attempts that run, or wait for their `started` to be durable.
    active: BTreeMap<u32, u32>,
    /// Of these, attempts whose `started` was refused: their outcome is thrown away.
    void: BTreeSet<u32>,
    /// Every waiting item is at or after this index, or in `again`, or in `later`.
    scan: u32,
    again: BTreeSet<u32>,
    /// Items that wait for a time, by it and by index.
    later: BTreeSet<(Millis, u32)>,
    delayed: BTreeSet<u32>,
    /// Attempts that do not count as tries.
    free: BTreeMap<u32, u32>,
    /// A job event that is asked for, not yet recorded.
    asked: bool,
    /// A pause for a person that is asked for, not yet recorded.
    asking: bool,
    /// How often nothing could go well since an item last did, and until when it is not tried again.
    shortages: u32,
    rests_until: Millis,
    /// Whether files are being listed, and whether that must be done once more when it is over.
    planning: bool,
    replan: bool,
    /// The last step: whether it runs, and how it ended while the job was paused.
    finishing: bool,
    finished: Option<Result<(), String>>,
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Schedule {
    limits: Limits,
    jobs: BTreeMap<JobId, Job>,
    /// What the last process left open, until it is concluded.
    past: BTreeMap<JobId, Past>,
    now: Millis,
    draining: bool,
    dead: bool,
    /// Whether the queue may have changed since it was last asked.
    moved: bool,
}

impl Schedule {
    /// A schedule that takes up these jobs, as the log has them.
    pub fn new(limits: Limits, now: Millis, live: Vec<(Fold, Option<Terms>, Past)>) -> Self {
        let mut jobs = BTreeMap::new();
        let mut left = BTreeMap::new();
        for (fold, terms, past) in live {
            let mut job = Job::new(fold, terms);
            job.free.clone_from(&past.free);
            let waits = |item: &u32| job.fold.item(*item) == Some(ItemStatus::Waiting);
            let later: Vec<_> = past.retry_at.iter().filter(|(item, _)| waits(item)).collect();
            later.into_iter().for_each(|(item, at)| job.delay(*item, *at));
            left.insert(job.fold.id, past);
            jobs.insert(job.fold.id, job);
        }
        Schedule { limits, jobs, past: left, now, draining: false, dead: false, moved: true }
    }

    /// What the last process left: items that were running are interrupted, and everything goes on.
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut past = std::mem::take(&mut self.past);
        for (id, job) in &mut self.jobs {
            let mut past = past.remove(id).unwrap_or_default();
            let halted = job.fold.halt.is_some();
            let mut interrupted = false;
            for (item, status) in job.fold.items() {
                let attempt = job.fold.last_attempt(item);
                let mut detail = None;
                let event = match status {
                    ItemStatus::Running if broken::is(Broken::NothingInterrupted) => {
                        JobEvent::Returned { item, attempt }
                    }
                    ItemStatus::Running if halted => JobEvent::Stopped { item, attempt },
                    ItemStatus::Running => JobEvent::Recovered { item, attempt },
                    ItemStatus::Placing => match past.placed.remove(&item) {
                        Some((Verdict::Done(effect), result)) => {
                            detail = result;
                            let hash = detail.as_ref().map(|text| Digest::of(text.as_bytes()));
                            JobEvent::Succeeded { item, attempt, effect, detail: hash }
                        }
                        Some((Verdict::Conflict(message), _)) => {
                            let message = cut(&message, MESSAGE_LIMIT);
                            JobEvent::Failed { item, attempt, reason: FailReason::Conflict, message }
                        }
                        Some((Verdict::TakenBack, _)) | None => JobEvent::Recovered { item, attempt },
                    },
                    ItemStatus::Interrupted if halted => JobEvent::Dropped { item },
                    ItemStatus::Interrupted if !job.asks() => JobEvent::Requeued { item },
                    ItemStatus::Interrupted => {
                        interrupted = true;
                        continue;
                    }
                    _ => continue,
                };
                interrupted |= matches!(event, JobEvent::Recovered { .. });
                effects.push(Effect::Append { job: *id, event, detail });
            }
            job.go_on(*id, interrupted, &mut effects);
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
            Input::Time(now) => self.now = now,
            Input::Terms { job, terms } => {
                if let Some(job) = self.jobs.get_mut(&job) {
                    job.terms = Some(terms);
                }
            }
            Input::PlanOver { job } => self.plan_over(job, &mut effects),
            Input::Limits(limits) => self.limits = limits,
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

    /// Gives free places to jobs, and free workers to items: to the job of the highest priority, and among equals to the one
    /// that has fewest at work.
    pub fn claim(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.draining || self.dead {
            return effects;
        }
        self.begin_queued(&mut effects);
        let mut busy: usize = self.jobs.values().map(|job| job.active.len()).sum();
        let now = self.now;
        self.jobs.values_mut().for_each(|job| job.wake(now));
        while busy < self.limits.workers {
            let free = self.jobs.iter_mut().filter(|(_, job)| job.may_claim());
            let next = free.min_by_key(|(id, job)| (Reverse(job.fold.priority), job.active.len(), **id));
            let Some((id, job)) = next else { break };
            let Some(item) = job.next_waiting() else { continue };
            let attempt = job.fold.last_attempt(item) + 1;
            job.claimed.insert(item, attempt);
            job.active.insert(item, attempt);
            busy += 1;
            effects.push(append(*id, JobEvent::Started { item, attempt }));
            if job.is_repeatable() || broken::is(Broken::WorkBeforeItsRecord) {
                effects.push(Effect::Start { job: *id, item, attempt });
            }
        }
        effects
    }

    /// When an item that waits for a time is next due.
    pub fn due(&self) -> Option<Millis> {
        let processing = self.jobs.values().filter(|job| job.fold.status == JobStatus::Processing);
        processing.filter_map(|job| job.later.first().map(|(at, _)| *at)).min()
    }

    /// The jobs that are paused for a reason that may pass by itself, and have rested for long enough to be tried again: each
    /// time in a row twice as long, for there are shortages that only the work itself meets, such as a quota.
    pub fn paused(&self) -> Vec<(JobId, PauseReason)> {
        let rested = self.jobs.iter().filter(|(_, job)| job.rests_until <= self.now);
        let paused = rested.filter_map(|(id, job)| match job.fold.status {
            JobStatus::Paused { reason } => Some((*id, reason)),
            _ => None,
        });
        paused.filter(|(_, reason)| reason.is_environment()).collect()
    }

    /// Whether the queue may have changed since this was last asked.
    pub fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// The queued jobs, next first.
    pub fn queue(&self) -> Vec<JobId> {
        let mut queued: Vec<_> = self.jobs.iter().filter(|(_, job)| job.fold.status == JobStatus::Queued).collect();
        queued.sort_by_key(|(id, job)| (-i64::from(job.fold.priority), job.fold.created, **id));
        queued.into_iter().map(|(id, _)| *id).collect()
    }

    fn begin_queued(&mut self, effects: &mut Vec<Effect>) {
        let mut places = self.limits.jobs.saturating_sub(self.jobs.values().filter(|job| job.holds_place()).count());
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
            let mut job = Job::new(fold, None);
            job.plan(id, effects);
            self.jobs.insert(id, job);
            return;
        }
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let before = recorded.event.item().and_then(|(item, _)| job.fold.item(item));
        if job.fold.apply_recorded(recorded, payload).is_err() {
            return;
        }
        let halted = job.fold.halt.is_some();
        match &recorded.event {
            JobEvent::Started { item, attempt } => {
                job.claimed.remove(item);
                let waits = !job.is_repeatable() && !broken::is(Broken::WorkBeforeItsRecord);
                if waits && job.active.get(item) == Some(attempt) {
                    effects.push(Effect::Start { job: id, item: *item, attempt: *attempt });
                }
            }
            JobEvent::Recovered { item, .. } => {
                *job.free.entry(*item).or_default() += 1;
                if halted {
                    effects.push(append(id, JobEvent::Dropped { item: *item }));
                } else if job.asks() {
                    job.ask(id, effects);
                } else {
                    effects.push(append(id, JobEvent::Requeued { item: *item }));
                }
            }
            JobEvent::Requeued { item } => {
                // Asked for anew after it had failed, it has all its tries again.
                if matches!(before, Some(ItemStatus::Failed(_))) {
                    job.free.insert(*item, job.fold.last_attempt(*item));
                }
                job.again.insert(*item);
            }
            JobEvent::Returned { item, .. } => {
                *job.free.entry(*item).or_default() += 1;
                job.again.insert(*item);
            }
            JobEvent::AttemptFailed { item, retry_at, .. } => job.delay(*item, *retry_at),
            JobEvent::CancelRequested {} => {
                effects.push(Effect::StopPlan { job: id });
                job.stop_items(id, effects);
            }
            JobEvent::Halted { when: HaltWhen::Now, .. } => job.stop_items(id, effects),
            JobEvent::Succeeded { .. } => job.shortages = 0,
            JobEvent::Paused { reason } => {
                job.asking = false;
                if reason.is_environment() {
                    job.rests_until = self.now + (SHORTEST_REST << job.shortages.min(6));
                    job.shortages += 1;
                }
                effects.push(Effect::StopPlan { job: id });
            }
            JobEvent::Resumed {} if job.fold.status == JobStatus::Planning => {
                if job.planning {
                    job.replan = true;
                } else {
                    job.plan(id, effects);
                }
            }
            JobEvent::Began {} if job.asks() && job.fold.counters.interrupted > 0 => job.ask(id, effects),
            JobEvent::Finishing {} => {
                if let Some(result) = job.finished.take() {
                    job.asked = false;
                    job.end(id, result, effects);
                    return;
                }
                if !job.finishing {
                    job.finishing = true;
                    effects.push(Effect::Finish { job: id });
                }
            }
            _ => {}
        }
        if recorded.event.item().is_none() {
            self.moved = true;
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

    fn plan_over(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.planning = false;
        if std::mem::take(&mut job.replan) && job.fold.status == JobStatus::Planning {
            job.plan(id, effects);
        }
    }

    fn refused(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match event {
            JobEvent::Started { item, .. } => {
                job.claimed.remove(item);
                if job.is_repeatable() {
                    if job.active.contains_key(item) {
                        job.void.insert(*item);
                        effects.push(Effect::Stop { job: id, item: *item });
                    }
                } else {
                    job.active.remove(item);
                }
                if job.fold.item(*item) == Some(ItemStatus::Waiting) && !broken::is(Broken::ClaimForgotten) {
                    job.again.insert(*item);
                }
            }
            // Meanwhile a cancel, a halt or the item's own placing was recorded: there is no other try, but it has ended.
            JobEvent::AttemptFailed { item, attempt, reason, message, .. } if job.holds(*item, *attempt) => {
                let (item, attempt, reason, message) = (*item, *attempt, *reason, message.clone());
                effects.push(append(id, JobEvent::Failed { item, attempt, reason, message }));
            }
            JobEvent::Returned { item, attempt } if job.holds(*item, *attempt) => {
                effects.push(append(id, JobEvent::Stopped { item: *item, attempt: *attempt }));
            }
            _ if event.item().is_none() => (job.asked, job.asking) = (false, false),
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
        let held = matches!(job.fold.status, JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. });
        let goes_on = held && job.fold.halt.is_none();
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
            WorkOutcome::Stopped | WorkOutcome::Environment(_) if goes_on => JobEvent::Returned { item, attempt },
            WorkOutcome::Stopped | WorkOutcome::Environment(_) => JobEvent::Stopped { item, attempt },
        };
        effects.push(Effect::Append { job: id, event, detail });
    }

    fn finished(&mut self, id: JobId, result: Result<(), String>, effects: &mut Vec<Effect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.finishing = false;
        match job.fold.status {
            JobStatus::Finishing => job.end(id, result, effects),
            // It comes back to this step when it is resumed.
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

impl Job {
    fn new(fold: Fold, terms: Option<Terms>) -> Self {
        Job {
            fold,
            terms,
            claimed: BTreeMap::new(),
            active: BTreeMap::new(),
            void: BTreeSet::new(),
            scan: 0,
            again: BTreeSet::new(),
            later: BTreeSet::new(),
            delayed: BTreeSet::new(),
            free: BTreeMap::new(),
            asked: false,
            asking: false,
            shortages: 0,
            rests_until: 0,
            planning: false,
            replan: false,
            finishing: false,
            finished: None,
        }
    }

    fn is_repeatable(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.repeatable)
    }

    /// Whether a person decides about interrupted items.
    fn asks(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.ask)
    }

    /// Whether this attempt holds the item, as far as is recorded.
    fn holds(&self, item: u32, attempt: u32) -> bool {
        self.fold.item(item).is_some_and(ItemStatus::is_running) && self.fold.last_attempt(item) == attempt
    }

    fn holds_place(&self) -> bool {
        let at_work = matches!(self.fold.status, JobStatus::Processing | JobStatus::Finishing);
        at_work || !self.active.is_empty() || (self.fold.status == JobStatus::Queued && self.asked)
    }

    fn plan(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        self.planning = true;
        effects.push(Effect::Plan { job: id });
    }

    /// Pauses for a person, if nobody was asked yet.
    fn ask(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        let runs = matches!(self.fold.status, JobStatus::Queued | JobStatus::Processing);
        if runs && !std::mem::replace(&mut self.asking, true) {
            effects.push(append(id, JobEvent::Paused { reason: PauseReason::Interrupted }));
        }
    }

    fn stop_items(&self, id: JobId, effects: &mut Vec<Effect>) {
        self.active.keys().for_each(|item| effects.push(Effect::Stop { job: id, item: *item }));
    }

    /// When a failed attempt is followed by another; `None` if that was the last of the job's tries, or of `least`.
    fn retry_at(&self, item: u32, attempt: u32, least: u32, now: Millis) -> Option<Millis> {
        let terms = self.terms.as_ref()?;
        let tries = attempt.saturating_sub(self.free.get(&item).copied().unwrap_or(0));
        if tries >= terms.tries.max(least) {
            return None;
        }
        let doubled = terms.backoff.saturating_mul(1 << tries.saturating_sub(1).min(30)).min(LONGEST_BACKOFF);
        // Half of it by chance, so that what failed together does not come back together; the same for the same attempt.
        let chance = Digest::of(format!("{} {item} {attempt}", self.fold.id).as_bytes()).0[0];
        Some(now + doubled / 2 + doubled * u64::from(chance) / 510)
    }

    fn delay(&mut self, item: u32, at: Millis) {
        self.later.insert((at, item));
        self.delayed.insert(item);
    }

    /// Items whose time has come may be tried.
    fn wake(&mut self, now: Millis) {
        while let Some((_, item)) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.pop_first();
            self.delayed.remove(&item);
            self.again.insert(item);
        }
    }

    /// Takes up a job after a restart, which may have interrupted items.
    fn go_on(&mut self, id: JobId, interrupted: bool, effects: &mut Vec<Effect>) {
        match self.fold.status {
            JobStatus::Planning => self.plan(id, effects),
            JobStatus::Finishing => {
                self.finishing = true;
                effects.push(Effect::Finish { job: id });
            }
            _ => {
                if self.asks() && self.fold.halt.is_none() && interrupted {
                    self.ask(id, effects);
                }
                self.conclude(id, effects);
            }
        }
    }

    /// Ends the job as its items say, after the last step.
    fn end(&mut self, id: JobId, result: Result<(), String>, effects: &mut Vec<Effect>) {
        let counters = &self.fold.counters;
        let outcome = match result {
            Err(message) => Outcome::Failed { reason: EndReason::Finish, message: cut(&message, MESSAGE_LIMIT) },
            Ok(()) if counters.all_failed() => Outcome::Failed { reason: EndReason::AllFailed, message: String::new() },
            Ok(()) if counters.failed > 0 => Outcome::CompletedWithErrors,
            Ok(()) => Outcome::Completed,
        };
        self.asked = true;
        effects.push(append(id, JobEvent::Ended { outcome }));
    }

    /// Asks for the event that ends a phase, once nothing stands in its way.
    fn conclude(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        if self.asked {
            return;
        }
        let counters = &self.fold.counters;
        let settled = counters.open() == 0;
        let event = match self.fold.status {
            JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. }
                if settled && self.fold.fails_by_halt() =>
            {
                JobEvent::Ended { outcome: Outcome::Failed { reason: EndReason::Halt, message: String::new() } }
            }
            JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. } if self.halts() => {
                let Some(halt) = self.terms.as_ref().and_then(|terms| terms.halt) else { return };
                JobEvent::Halted { by: halt.by, when: halt.when }
            }
            JobStatus::Processing if settled => JobEvent::Finishing {},
            // Work that could not be recorded any more is waited for as well.
            JobStatus::Cancelling if counters.running == 0 && self.active.is_empty() => JobEvent::Cancelled {},
            _ => return,
        };
        self.asked = true;
        effects.push(append(id, event));
    }

    /// Whether the halt policy is reached, and not yet recorded. With every item settled there is nothing left to give up,
    /// unless by failures.
    fn halts(&self) -> bool {
        let Some(halt) = self.terms.as_ref().and_then(|terms| terms.halt) else { return false };
        let counters = &self.fold.counters;
        let count = match halt.by {
            HaltBy::Fail => counters.failed,
            HaltBy::Success => counters.succeeded,
            HaltBy::Done => counters.done() - counters.skipped_in_plan,
        };
        let total = counters.total - counters.skipped_in_plan;
        let matters = counters.open() > 0 || halt.by == HaltBy::Fail;
        self.fold.halt.is_none() && self.fold.plan_ended && matters && count > 0 && halt.limit.is_reached(count, total)
    }

    fn may_claim(&self) -> bool {
        let limit = self.fold.concurrency as usize;
        let below = limit == 0 || self.active.len() < limit;
        self.fold.status == JobStatus::Processing
            && self.terms.is_some()
            && self.fold.halt.is_none()
            // A halt that is asked for and not yet recorded.
            && !self.asked
            && !self.asking
            && below
            && (!self.again.is_empty() || self.scan < self.fold.counters.total)
    }

    /// The next item to try; moves the scan on.
    fn next_waiting(&mut self) -> Option<u32> {
        let free = |job: &Job, item: u32| {
            job.fold.item(item) == Some(ItemStatus::Waiting)
                && !job.claimed.contains_key(&item)
                && !job.active.contains_key(&item)
                && !job.delayed.contains(&item)
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
