//! How a job can end.

use super::{Next, Refusal, none_open, to};
use crate::event::Outcome;
use crate::event_kind::EventKind;
use crate::fold::Fold;
use crate::status::{EndReason, JobStatus};

pub(super) fn next_of_end(fold: &Fold, outcome: &Outcome) -> Result<Next, Refusal> {
    use JobStatus as S;
    let counters = &fold.counters;
    let only_if = |holds: bool, status| if holds { to(status) } else { Err(Refusal::Counters) };
    match (outcome, fold.status) {
        // An earlier version also wrote this when files were missed.
        (Outcome::Completed, S::Finishing) => only_if(counters.failed == 0, S::Completed),
        (Outcome::CompletedWithErrors, S::Finishing) => {
            only_if(counters.has_errors() && !counters.all_failed(), S::CompletedWithErrors)
        }
        (Outcome::Failed { reason, .. }, status) => {
            let failed = S::Failed { reason: *reason };
            match (reason, status) {
                (EndReason::Plan, S::Planning) | (EndReason::Finish, S::Finishing) => to(failed),
                (EndReason::NoMatch, S::Finishing) => only_if(counters.total == 0, failed),
                (EndReason::AllFailed, S::Finishing) => only_if(counters.all_failed(), failed),
                (EndReason::Halt, S::Queued | S::Processing | S::Paused { .. }) if fold.fails_by_halt() => {
                    none_open(counters).and_then(|()| to(failed))
                }
                _ => Err(Refusal::Status { event: EventKind::Ended.name(), status: status.label() }),
            }
        }
        (Outcome::Completed | Outcome::CompletedWithErrors, status) => {
            Err(Refusal::Status { event: EventKind::Ended.name(), status: status.label() })
        }
    }
}
