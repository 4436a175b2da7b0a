//! Follows what the writer has recorded or refused.

use super::job::Job;
use super::{Effect, Schedule, append};
use headway_model::event::{HaltWhen, JobEvent, Recorded};
use headway_model::id::JobId;
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::JobStatus;
use headway_model::{Digest, Fold};

impl Schedule {
    pub(super) fn recorded(&mut self, id: JobId, recorded: &Recorded, digest: Digest, effects: &mut Vec<Effect>) {
        if recorded.seq == 1 {
            // The writer applied the same event a moment ago, so this succeeds.
            let Ok(fold) = Fold::create_numbered(recorded, digest) else { return };
            let mut job = Job::new(fold, None);
            job.plan(id, effects);
            self.jobs.insert(id, job);
            return;
        }
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let before = recorded.event.item().and_then(|(item, _)| job.fold.item(item));
        if job.fold.apply_numbered(recorded, digest).is_err() {
            return;
        }
        if let JobEvent::Paused { reason } = &recorded.event
            && reason.is_environment()
        {
            job.rest(self.now);
        }
        if job.unread {
            job.asked = false;
            self.moved = true;
            job.is_wanted(id, &recorded.event, effects);
            return;
        }
        let halted = job.fold.halt.is_some();
        match &recorded.event {
            JobEvent::Started { item, attempt } => {
                job.claimed.remove(item);
                let waits = !job.is_repeatable() && !mutants::is(Mutant::WorkBeforeItsRecord);
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
                // A failed item that a person retries gets all its tries again.
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
            JobEvent::Paused { .. } => {
                job.asking = false;
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
            // For these the fold is all that changes.
            JobEvent::Created { .. }
            | JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Resumed {}
            | JobEvent::Halted { when: HaltWhen::Soon, .. }
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Dropped { .. } => {}
        }
        if recorded.event.item().is_none() {
            self.moved = true;
            job.asked = false;
        }
        if job.fold.status.is_terminal() {
            effects.push(Effect::Over { job: id });
            // Work whose end could no longer be recorded might still run; it is never claimed again.
            self.jobs.remove(&id);
        } else {
            job.conclude(id, effects);
        }
    }

    pub(super) fn refused(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<Effect>) {
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
                // While its work goes on it cannot be claimed again; `done` puts it back.
                if !job.active.contains_key(item) && !mutants::is(Mutant::ClaimForgotten) {
                    job.put_back(*item);
                }
            }
            // A cancel, a halt or the item's own placing was recorded first. The attempt is over, and there is no other.
            JobEvent::AttemptFailed { item, attempt, reason, message, .. } if job.holds(*item, *attempt) => {
                let (item, attempt, reason, message) = (*item, *attempt, *reason, message.clone());
                effects.push(append(id, JobEvent::Failed { item, attempt, reason, message }));
            }
            JobEvent::Returned { item, attempt } | JobEvent::Stopped { item, attempt }
                if job.holds(*item, *attempt) =>
            {
                effects.push(append(id, job.ended(*item, *attempt)));
            }
            _ if event.item().is_none() => (job.asked, job.asking) = (false, false),
            _ => {}
        }
        // The refused event might be the last thing that the job waited for.
        job.conclude(id, effects);
    }
}
