//! What can go wrong inside, and what of it a person is told.

use super::store::StoreError;
use super::writer::AppendError;
use crate::model::ApiError;

/// The server cannot start; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        StartError(format!("the log cannot be opened: {error}"))
    }
}

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

impl From<AppendError> for ApiError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Refused(refusal) => ApiError::Conflict { message: refusal.to_string() },
            AppendError::TooLarge => ApiError::TooLarge { message: "the request is too large to record".into() },
            AppendError::Dead => ApiError::LogUnavailable,
        }
    }
}
