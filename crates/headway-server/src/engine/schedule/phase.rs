//! When a phase of a job is over, and what ends it.

use super::job::{Job, LastStep};
use super::{ScheduleEffect, append};
use headway_model::event::{HaltBy, JobEvent, Outcome, shortened};
use headway_model::id::JobId;
use headway_model::status::{EndReason, JobStatus};

impl Job {
    /// Resumes the job's phase after a restart. `interrupted` says whether the restart interrupted items.
    pub(super) fn go_on(&mut self, id: JobId, interrupted: bool, effects: &mut Vec<ScheduleEffect>) {
        match self.fold.status {
            JobStatus::Planning => self.plan(id, effects),
            JobStatus::Finishing => self.begin_last_step(id, effects),
            _ => {
                if self.asks() && self.fold.halt.is_none() && interrupted {
                    self.ask(id, effects);
                }
                self.end_phase(id, effects);
            }
        }
    }

    pub(super) fn begin_last_step(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        self.last_step.runs = true;
        effects.push(ScheduleEffect::Finish { job: id });
    }

    /// Ends the job after its last step, with the outcome that its items imply.
    pub(super) fn end(&mut self, id: JobId, last: LastStep, effects: &mut Vec<ScheduleEffect>) {
        let counters = &self.fold.counters;
        let failed = |reason, message: String| Outcome::Failed { reason, message: shortened(&message) };
        let outcome = match last {
            LastStep::NoMatch(message) => failed(EndReason::NoMatch, message),
            LastStep::Failed(message) => failed(EndReason::Finish, message),
            LastStep::Done if counters.all_failed() => {
                Outcome::Failed { reason: EndReason::AllFailed, message: String::new() }
            }
            LastStep::Done if counters.has_errors() => Outcome::CompletedWithErrors,
            LastStep::Done => Outcome::Completed,
        };
        self.asked = true;
        effects.push(append(id, JobEvent::Ended { outcome }));
    }

    /// Requests the event that ends the present phase, once nothing is missing for it.
    pub(super) fn end_phase(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        if self.asked || self.unread {
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
            // The job also waits for work whose end can no longer be recorded.
            JobStatus::Cancelling if counters.running == 0 && self.active.is_empty() => JobEvent::Cancelled {},
            _ => return,
        };
        self.asked = true;
        effects.push(append(id, event));
    }

    /// Whether the halt policy is reached and not recorded yet. With every item settled there is nothing left to halt, but a halt by
    /// failures still decides the outcome.
    pub(super) fn halts(&self) -> bool {
        let Some(halt) = self.terms.as_ref().and_then(|terms| terms.halt) else { return false };
        let counters = &self.fold.counters;
        let count = match halt.by {
            HaltBy::Fail => counters.failed,
            HaltBy::Success => counters.succeeded,
            HaltBy::Done => counters.ran(),
        };
        let total = counters.to_run();
        let matters = counters.open() > 0 || halt.by == HaltBy::Fail;
        self.fold.halt.is_none() && self.fold.plan_ended && matters && count > 0 && halt.limit.is_reached(count, total)
    }
}
