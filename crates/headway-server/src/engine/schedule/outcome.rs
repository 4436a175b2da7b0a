//! Turns the ends of attempts, looks, listings and last steps into events.

use headway_files::PlacementState;
use headway_model::event::{JobEvent, shortened};
use headway_model::id::JobId;
use headway_model::item::ItemStatus;
use headway_model::status::{JobStatus, PauseReason};
use headway_model::{Digest, FailReason};
use headway_recipes::Unable;

use super::blame::StorageBlame;
use super::job::LastStep;
use super::{FinishFailure, Schedule, ScheduleEffect, StepFailure, WorkOutcome, append};

/// Minimum number of attempts for failures that the recipe marks as transient.
const TRANSIENT_TRIES: u32 = 5;

/// The message of an item whose placing could not be recovered, or made durable, before its job ended.
const NOT_RECOVERED: &str =
    "the server could not find out whether its output is in place for good; check the file and the job's trash";

impl Schedule {
    /// An attempt is over.
    pub(super) fn done(
        &mut self,
        id: JobId,
        item: u32,
        attempt: u32,
        outcome: WorkOutcome,
        effects: &mut Vec<ScheduleEffect>,
    ) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.active.remove(&item);
        if job.void.remove(&item) {
            job.put_back(item);
            job.end_phase(id, effects);
            return;
        }
        let detail = match &outcome {
            WorkOutcome::Succeeded(_, result) | WorkOutcome::Differs(_, _, result) => Some(result.clone()),
            _ => None,
        };
        let blame = job.blames_storage(item, &outcome);
        let goes_on = job.goes_on();
        let again = goes_on && job.fold.item(item) != Some(ItemStatus::Placing);
        let now = self.now;
        let found = detail.as_ref().map(|detail| Digest::of(detail.as_bytes()));
        let failed = |reason, message: &str, least| {
            let message = shortened(message);
            match job.retry_at(item, attempt, least, now).filter(|_| again) {
                Some(retry_at) => JobEvent::AttemptFailed { item, attempt, retry_at, reason, message },
                None => JobEvent::Failed { item, attempt, reason, message, detail: found },
            }
        };
        let event = match outcome {
            WorkOutcome::Succeeded(effect, _) => JobEvent::Succeeded { item, attempt, effect, detail: found },
            WorkOutcome::Skipped(reason) => JobEvent::Skipped { item, attempt, reason },
            WorkOutcome::Failed(reason, message) | WorkOutcome::Differs(reason, message, _) => {
                failed(reason, &message, 1)
            }
            WorkOutcome::Storage(..) if goes_on && blame == StorageBlame::Begins => {
                effects.push(append(id, JobEvent::Returned { item, attempt }));
                JobEvent::Paused { reason: PauseReason::StorageErrors }
            }
            WorkOutcome::Storage(..) if goes_on && blame == StorageBlame::Lasts => JobEvent::Returned { item, attempt },
            WorkOutcome::Storage(reason, message) => failed(reason, &message, 1),
            WorkOutcome::Retry(message) => failed(FailReason::Command, &message, TRANSIENT_TRIES),
            // This process lives, and other items ran meanwhile.
            WorkOutcome::Lost => JobEvent::Recovered { item, attempt, alive: Some(now) },
            WorkOutcome::Environment(reason) if goes_on && !matches!(job.fold.status, JobStatus::Paused { .. }) => {
                effects.push(append(id, JobEvent::Returned { item, attempt }));
                JobEvent::Paused { reason }
            }
            WorkOutcome::NotRecovered(reason) => {
                job.leave_open(item, now, false);
                job.pause_for(id, Some(reason), effects);
                return;
            }
            WorkOutcome::Held if goes_on => {
                job.waiting.held.insert(item);
                JobEvent::Returned { item, attempt }
            }
            WorkOutcome::Stopped | WorkOutcome::Environment(_) if goes_on => JobEvent::Returned { item, attempt },
            WorkOutcome::Stopped | WorkOutcome::Held | WorkOutcome::Environment(_) => job.ended(item, attempt, now),
        };
        // An attempt that is followed by another one leaves nothing for the last step.
        let detail = detail.filter(|_| event.detail().is_some());
        effects.push(ScheduleEffect::Append { job: id, event, detail });
    }

    /// A placement that no worker holds was recovered, or it is still not known how far it got.
    pub(super) fn placing_recovered(
        &mut self,
        id: JobId,
        item: u32,
        state: PlacementState,
        detail: Option<String>,
        effects: &mut Vec<ScheduleEffect>,
    ) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let Some(open) = job.placings.recovering.remove(&item) else { return };
        let attempt = job.fold.last_attempt(item);
        let event = match end_of_placing(item, attempt, state, detail.as_deref()) {
            Ok(Some(event)) => event,
            Ok(None) if open.died || !job.goes_on() => JobEvent::Recovered { item, attempt, alive: Some(self.now) },
            Ok(None) => JobEvent::Returned { item, attempt },
            // A job that ends cannot be resumed, so there is no second look.
            Err(PauseReason::Stuck | PauseReason::StorageErrors) if !job.goes_on() => not_recovered(item, attempt),
            Err(reason) if job.fold.status == JobStatus::Cancelling && is_given_up(reason) => {
                not_recovered(item, attempt)
            }
            Err(reason) => match job.unseen(id, (item, open), reason, self.now, effects) {
                Some(event) => event,
                None => return,
            },
        };
        effects.push(ScheduleEffect::Append { job: id, event, detail });
    }

    /// The last step is over.
    pub(super) fn finished(&mut self, id: JobId, result: Result<(), FinishFailure>, effects: &mut Vec<ScheduleEffect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.last_step.runs = false;
        let last = match result {
            Ok(()) => LastStep::Done,
            Err(FinishFailure::NoMatch(message)) => LastStep::NoMatch(message),
            Err(FinishFailure::Step(StepFailure::Unable(Unable::Failed(message)))) => LastStep::Failed(message),
            // The step runs again when the job returns to it, which might already have happened.
            Err(FinishFailure::Step(StepFailure::Stopped)) => {
                if job.fold.status == JobStatus::Finishing && !self.draining {
                    job.begin_last_step(id, effects);
                }
                return;
            }
            // The step runs again when the job is resumed.
            Err(FinishFailure::Step(StepFailure::Unable(Unable::Environment(reason) | Unable::Call(reason, _)))) => {
                let still = job.fold.status == JobStatus::Finishing;
                effects.extend(still.then(|| append(id, JobEvent::Paused { reason })));
                return;
            }
        };
        match job.fold.status {
            JobStatus::Finishing => job.end(id, last, effects),
            // The job returns to this step when it is resumed.
            status if !status.is_terminal() && status != JobStatus::Cancelling => job.last_step.ended = Some(last),
            _ => {}
        }
    }

    /// A listing is over.
    pub(super) fn plan_over(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        job.plan.runs = false;
        if std::mem::take(&mut job.plan.again) && job.fold.status == JobStatus::Planning {
            job.plan(id, effects);
        }
    }
}

/// Whether a cancel does not wait for the end of this reason: it can last for ever. An open placing is then not recovered. Whoever
/// retries or undoes it later looks again, and so does `headway doctor`.
pub(super) fn is_given_up(reason: PauseReason) -> bool {
    matches!(reason, PauseReason::Stuck | PauseReason::LibraryGone | PauseReason::StorageSilent)
}

/// The end of an item whose placing could not be recovered.
pub(super) fn not_recovered(item: u32, attempt: u32) -> JobEvent {
    JobEvent::Failed { item, attempt, reason: FailReason::Conflict, message: NOT_RECOVERED.to_owned(), detail: None }
}

/// The event that ends a placing, given how far it got; `None` if it was taken back, the reason if that is not known.
pub(super) fn end_of_placing(
    item: u32,
    attempt: u32,
    state: PlacementState,
    detail: Option<&str>,
) -> Result<Option<JobEvent>, PauseReason> {
    match state {
        PlacementState::Done(effect) => {
            let detail = detail.map(|text| Digest::of(text.as_bytes()));
            Ok(Some(JobEvent::Succeeded { item, attempt, effect, detail }))
        }
        PlacementState::Conflict(message) => {
            let message = shortened(&message);
            Ok(Some(JobEvent::Failed { item, attempt, reason: FailReason::Conflict, message, detail: None }))
        }
        PlacementState::TakenBack => Ok(None),
        PlacementState::NotKnown(reason) => Err(reason),
    }
}
