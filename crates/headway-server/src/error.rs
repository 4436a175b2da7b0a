//! Internal errors, and what users are told about them.

use headway_files::{FolderError, Unreadable};
use headway_model::ApiError;
use headway_store::StoreError;
pub use headway_store::internal;

/// The error for a caller who asked for something on a disk that cannot be read.
pub(crate) fn unreadable(reason: Unreadable, message: String) -> ApiError {
    match reason {
        Unreadable::Absent => ApiError::NotFound { message },
        Unreadable::Denied => ApiError::Denied { message },
        Unreadable::Impossible => ApiError::invalid(message),
        Unreadable::Unknown => ApiError::Unavailable { message },
    }
}

/// The server cannot start; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        StartError(format!("the log cannot be opened: {error}"))
    }
}

impl From<FolderError> for StartError {
    fn from(error: FolderError) -> Self {
        StartError(error.0)
    }
}
