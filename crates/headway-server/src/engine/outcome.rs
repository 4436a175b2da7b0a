//! The report to the schedule about the end of an attempt.

use super::schedule::WorkOutcome;
use headway_model::FailReason;
use headway_recipes::{Attempt, Failure, Success};

/// Converts the result of an attempt into an input of the schedule.
pub(super) fn outcome(result: Result<Success, Failure>, attempt: &Attempt) -> WorkOutcome {
    match result {
        Ok(success) => WorkOutcome::Succeeded(success.effect, success.result.to_string()),
        Err(Failure::Stopped) if attempt.is_late() => {
            let seconds = attempt.elapsed().as_secs_f64();
            WorkOutcome::Failed(FailReason::Timeout, format!("ended after {seconds:.1} s"))
        }
        Err(Failure::Stopped) => WorkOutcome::Stopped,
        Err(Failure::Skipped(reason)) => WorkOutcome::Skipped(reason),
        Err(Failure::Failed(reason, message)) => WorkOutcome::Failed(reason, message),
        Err(Failure::Differs(reason, message, found)) => WorkOutcome::Differs(reason, message, found.to_string()),
        Err(Failure::Storage(reason, message)) => WorkOutcome::Storage(reason, message),
        Err(Failure::Retry(message)) => WorkOutcome::Retry(message),
        Err(Failure::Environment(reason) | Failure::Call(reason, _)) => WorkOutcome::Environment(reason),
        Err(Failure::NotRecovered(reason, _)) => WorkOutcome::NotRecovered(reason),
        Err(Failure::Lost) => WorkOutcome::Lost,
        Err(Failure::Held) => WorkOutcome::Held,
    }
}
