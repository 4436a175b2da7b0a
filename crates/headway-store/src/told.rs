//! What a failing store means for a job, and what a person is told of it.

use headway_model::{ApiError, PauseReason, Unable};

use crate::StoreError;

/// Logs a cause that is nobody's business outside, and gives the number to quote.
pub fn internal(cause: &dyn std::fmt::Display) -> ApiError {
    let incident = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(incident, %cause, "an internal fault");
    ApiError::Internal { incident }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        internal(&error)
    }
}

/// The log belongs to no job, so a failing read of it ends none: the job is paused.
impl From<StoreError> for Unable {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the log cannot be read");
        Unable::Environment(error.passes.unwrap_or(PauseReason::Stuck))
    }
}
