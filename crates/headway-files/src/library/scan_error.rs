//! Why a folder of a library cannot be listed, as a text for people.

use std::io;

use super::{Library, io_text};
use crate::Unreadable;
use headway_model::{PauseReason, RelPath};

/// A folder cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScanError {
    message: String,
    /// What kind of error it is, for callers that act on it.
    pub reason: Unreadable,
}

impl ScanError {
    /// For a library that cannot be reached.
    pub fn unreachable(library: &Library, why: PauseReason) -> Self {
        let message = format!("the library {} cannot be listed: {}", library.name, why.text_of_root());
        ScanError { message, reason: Unreadable::Unknown }
    }

    /// For a folder that cannot be opened or read.
    pub fn of(library: &Library, folder: &RelPath, error: &io::Error) -> Self {
        let what = match folder.is_root() {
            true => format!("the library {}", library.name),
            false => format!("the folder {:?} of {}", folder.shown(), library.name),
        };
        let reason = Unreadable::of(error);
        let message = match library.missing_disk_of(folder) {
            Ok(Some(disk)) => format!("{what} cannot be listed: the disk that was at {} is absent", disk.shown()),
            Ok(None) if reason == Unreadable::Absent => {
                format!("{what} is not there; perhaps it was moved, renamed or deleted")
            }
            Ok(None) | Err(_) => format!("{what} cannot be listed: {}", io_text(error)),
        };
        ScanError { message, reason }
    }
}
