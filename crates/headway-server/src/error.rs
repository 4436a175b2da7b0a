//! Internal errors, and the messages that users get about them.

use std::io;

use headway_files::{DataFolder, FolderError, Unreadable, io_text};
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

/// The stored facts about the libraries cannot be read in a data folder. Nothing is done then, because an empty folder
/// could be taken for a library.
pub(crate) fn unknown_libraries(data: &DataFolder, error: &io::Error) -> StartError {
    let (folder, why) = (data.root().display(), io_text(error));
    StartError(format!(
        "what is known of the libraries cannot be read in the data folder {folder}: {why}. Without it, the empty folder of a \
         disk that is missing could be taken for its files"
    ))
}

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
