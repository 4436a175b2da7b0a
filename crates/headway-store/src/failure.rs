//! What a failing store means for a job, and what a person learns about it.

use headway_model::{ApiError, PauseReason, Unable};

use crate::{AppendError, StoreError};

/// What a caller learns while the log cannot be reached.
const AWAY: &str = "the database of the log cannot be reached now, so nothing is known about what was asked for";

/// Logs a cause that must not leave the server, and returns the incident number to quote.
pub fn internal(cause: &dyn std::fmt::Display) -> ApiError {
    let incident = uuid::Uuid::now_v7().simple().to_string();
    tracing::error!(incident, %cause, "internal error");
    ApiError::Internal { incident }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        // The same call cannot succeed later.
        if error.aside {
            return ApiError::Conflict { message: error.to_string() };
        }
        if error.away {
            tracing::debug!(%error, "a call was refused");
            return ApiError::Unavailable { message: AWAY.to_owned() };
        }
        internal(&error)
    }
}

/// The log belongs to no single job, so a failing read of it fails no job: the job is paused.
impl From<StoreError> for Unable {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the log cannot be read");
        Unable::Environment(error.passes.unwrap_or(PauseReason::Stuck))
    }
}

impl From<AppendError> for ApiError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Refused(refusal) => ApiError::Conflict { message: refusal.to_string() },
            AppendError::TooLarge => ApiError::TooLarge { message: "the request is too large to record".into() },
            AppendError::Dead => ApiError::LogUnavailable,
        }
    }
}
