//! What ends a plan before it is complete.

use super::super::panicked::Panicked;
use super::super::stop::StepFailure;
use headway_model::PauseReason;
use headway_recipes::Unable;

/// Why a plan is not complete.
pub(super) enum PlanStop {
    /// It cannot be made, for this reason. The job fails.
    Failed(String),
    /// The environment is to blame: the job pauses, and the rest is listed later.
    Environment(PauseReason),
    /// The same, and this call failed.
    Call(PauseReason, String),
    /// Nobody wants it any more.
    Cancelled,
}

impl From<Panicked> for PlanStop {
    fn from(died: Panicked) -> Self {
        Unable::from(died).into()
    }
}

impl From<Unable> for PlanStop {
    fn from(why: Unable) -> Self {
        match why {
            Unable::Environment(reason) => PlanStop::Environment(reason),
            Unable::Call(reason, message) => PlanStop::Call(reason, message),
            Unable::Failed(message) => PlanStop::Failed(message),
        }
    }
}

impl From<StepFailure> for PlanStop {
    fn from(why: StepFailure) -> Self {
        match why {
            StepFailure::Unable(why) => why.into(),
            StepFailure::Stopped => PlanStop::Cancelled,
        }
    }
}
