//! Follows what the writer has recorded or refused.

use super::job::Job;
use super::{Schedule, ScheduleEffect, append};
use headway_model::event::{HaltWhen, JobEvent, Recorded};
use headway_model::id::JobId;
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::JobStatus;
use headway_model::{Digest, EventKind, Fold};

impl Schedule {
    /// Follows an event that is durable.
    pub(super) fn recorded(
        &mut self,
        id: JobId,
        recorded: &Recorded,
        digest: Digest,
        effects: &mut Vec<ScheduleEffect>,
    ) {
        if recorded.seq == 1 {
            self.created(id, recorded, digest, effects);
            return;
        }
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let before = recorded.event.item().and_then(|(item, _)| job.fold.item(item));
        let is_short = |job: &Job| matches!(job.fold.status, JobStatus::Paused { reason } if reason.is_environment());
        let was_short = is_short(job);
        if job.fold.apply_numbered(recorded, digest).is_err() {
            return;
        }
        // Every item that was claimed ahead can report the same shortage; the job met it once.
        if is_short(job) && !was_short {
            job.rest(self.now);
        }
        if job.unread {
            job.asked = false;
            self.moved = true;
            job.is_wanted(id, &recorded.event, effects);
            return;
        }
        if recorded.event.kind() == EventKind::Finishing
            && let Some(last) = job.last_step.ended.take()
        {
            job.asked = false;
            job.end(id, last, effects);
            return;
        }
        job.follow(id, &recorded.event, before, effects);
        if recorded.event.item().is_none() {
            self.moved = true;
            job.asked = false;
        }
        if job.fold.status.is_terminal() {
            effects.push(ScheduleEffect::Over { job: id });
            // Work whose end could no longer be recorded might still run; it is never claimed again.
            self.jobs.remove(&id);
        } else {
            job.end_phase(id, effects);
        }
    }

    /// Follows the first event of a job: its files are listed next.
    fn created(&mut self, id: JobId, recorded: &Recorded, digest: Digest, effects: &mut Vec<ScheduleEffect>) {
        // The writer applied the same event a moment ago, so this succeeds.
        let Ok(fold) = Fold::create_numbered(recorded, digest) else { return };
        let mut job = Job::new(fold, None);
        job.plan(id, effects);
        self.jobs.insert(id, job);
    }

    /// Gives up an event that the writer refused.
    pub(super) fn refused(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<ScheduleEffect>) {
        let now = self.now;
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match event {
            JobEvent::Started { item, .. } => job.start_refused(id, *item, effects),
            // A cancel, a halt or the item's own placing was recorded first. The attempt is over, and there is no other.
            JobEvent::AttemptFailed { item, attempt, reason, message, .. } if job.holds(*item, *attempt) => {
                let (item, attempt, reason, message) = (*item, *attempt, *reason, message.clone());
                effects.push(append(id, JobEvent::Failed { item, attempt, reason, message, detail: None }));
            }
            JobEvent::Returned { item, attempt } | JobEvent::Stopped { item, attempt }
                if job.holds(*item, *attempt) =>
            {
                effects.push(append(id, job.ended(*item, *attempt, now)));
            }
            JobEvent::Created { .. }
            | JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. } => (job.asked, job.asking, job.tries_storage) = (false, false, false),
            // The item is in other hands, or its attempt goes on.
            JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Succeeded { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => {}
        }
        // The refused event might be the last thing that the job waited for.
        job.end_phase(id, effects);
    }
}

impl Job {
    /// Follows an event that the fold has taken. `before` is the status that its item had.
    fn follow(&mut self, id: JobId, event: &JobEvent, before: Option<ItemStatus>, effects: &mut Vec<ScheduleEffect>) {
        match event {
            JobEvent::Started { item, attempt } => self.started(id, *item, *attempt, effects),
            JobEvent::Recovered { item, .. } => self.recovered(id, *item, effects),
            JobEvent::Requeued { item } => self.requeued(*item, before),
            JobEvent::Returned { item, .. } => {
                *self.uncounted.entry(*item).or_default() += 1;
                self.put_back(*item);
            }
            JobEvent::AttemptFailed { item, retry_at, .. } => self.delay(*item, *retry_at),
            JobEvent::CancelRequested {} => {
                effects.push(ScheduleEffect::StopStep { job: id });
                self.stop_items(id, effects);
            }
            JobEvent::Halted { when: HaltWhen::Now, .. } => self.stop_items(id, effects),
            JobEvent::Succeeded { .. } => self.shortages = 0,
            JobEvent::Resumed {} if self.fold.status != JobStatus::Planning => {
                // Who resumes it accepts what fails.
                self.is_on_trial = std::mem::take(&mut self.tries_storage);
                self.unreadable.clear();
            }
            JobEvent::Paused { .. } => {
                self.asking = false;
                effects.push(ScheduleEffect::StopStep { job: id });
            }
            JobEvent::Resumed {} => self.plan_again(id, effects),
            JobEvent::Began {} if self.asks() && self.fold.counters.interrupted > 0 => self.ask(id, effects),
            JobEvent::Finishing {} => {
                if !self.last_step.runs {
                    self.begin_last_step(id, effects);
                }
            }
            // For these the fold is all that changes.
            JobEvent::Created { .. }
            | JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Halted { when: HaltWhen::Soon, .. }
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Dropped { .. } => {}
        }
    }

    /// Begins the work on an item, unless that began before its record.
    fn started(&mut self, id: JobId, item: u32, attempt: u32, effects: &mut Vec<ScheduleEffect>) {
        self.claimed.remove(&item);
        let waits = !self.is_repeatable() && !mutants::is(Mutant::WorkBeforeItsRecord);
        if waits && self.active.get(&item) == Some(&attempt) {
            effects.push(ScheduleEffect::Start { job: id, item, attempt });
        }
    }

    /// Gives up the claim of an item whose `started` was refused, and stops the work that began before it.
    fn start_refused(&mut self, id: JobId, item: u32, effects: &mut Vec<ScheduleEffect>) {
        self.claimed.remove(&item);
        if !self.is_repeatable() {
            self.active.remove(&item);
        } else if self.active.contains_key(&item) {
            self.void.insert(item);
            effects.push(ScheduleEffect::Stop { job: id, item });
        }
        // While its work goes on it cannot be claimed again; `done` puts it back.
        if !self.active.contains_key(&item) && !mutants::is(Mutant::ClaimForgotten) {
            self.put_back(item);
        }
    }

    /// Lets an item wait again. `before` is the status that it had: a failed item that a person retries gets all its tries again.
    fn requeued(&mut self, item: u32, before: Option<ItemStatus>) {
        if matches!(before, Some(ItemStatus::Failed(_))) {
            self.uncounted.insert(item, self.fold.last_attempt(item));
        }
        self.waiting.again.insert(item);
    }

    /// Lists the files that are not listed yet, as soon as no listing is under way.
    fn plan_again(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        if self.plan.runs {
            self.plan.again = true;
        } else {
            self.plan(id, effects);
        }
    }

    /// Decides what becomes of an item whose attempt a dead process left.
    fn recovered(&mut self, id: JobId, item: u32, effects: &mut Vec<ScheduleEffect>) {
        *self.uncounted.entry(item).or_default() += 1;
        if self.fold.halt.is_some() {
            effects.push(append(id, JobEvent::Dropped { item }));
        } else if self.asks() {
            self.ask(id, effects);
        } else {
            effects.push(append(id, JobEvent::Requeued { item }));
        }
    }
}
