//! Recovers a change that was interrupted, or predicts how that would end. Decides which errors of the disk leave it
//! open, and which are a conflict.

use std::io;

use headway_files::{Change, Library, PlacementState, Prediction, environment, io_text, is_storage_error};
use headway_model::{FailReason, PauseReason, RelPath, SkipReason};
use headway_recipes::Failure;

/// Recovers a change. If the disk cannot be inspected for a reason that might pass, it is inspected later. The same holds
/// if the storage reports an error, which proves nothing about the files. Any other error is a conflict, with its
/// message.
pub(super) fn recover_change(library: &Library, change: &Change) -> PlacementState {
    library.recover(change).unwrap_or_else(|error| match environment(&error) {
        Some(reason) => PlacementState::NotKnown(reason),
        None if is_storage_error(&error) => PlacementState::NotKnown(PauseReason::StorageErrors),
        None => PlacementState::Conflict(format!("{}: {}", io_text(&error), library.lying(change))),
    })
}

/// What [`recover_change`] would come to, while nothing is touched; the reason if that is not known now.
pub(super) fn predict_change(library: &Library, change: &Change, path: &RelPath) -> Result<Prediction, PauseReason> {
    match library.predict(change, path) {
        Ok(predicted) => Ok(predicted),
        Err(error) => match environment(&error) {
            Some(reason) => Err(reason),
            None if is_storage_error(&error) => Err(PauseReason::StorageErrors),
            None => Ok(Prediction::Conflict { might_be_output: true }),
        },
    }
}

/// Ends a change that is recorded. If an error left the result unclear, the disk is inspected, as after a crash.
pub(super) fn made_or_recovered(
    library: &Library,
    change: &Change,
    doing: &str,
    made: io::Result<Result<(), SkipReason>>,
) -> Result<(), Failure> {
    let error = match made {
        Ok(made) => return made.map_err(Failure::Skipped),
        Err(error) => error,
    };
    match recover_change(library, change) {
        PlacementState::Done(_) => Ok(()),
        PlacementState::TakenBack => Err(Failure::of(FailReason::Write, doing, &error)),
        PlacementState::Conflict(message) => {
            let first = io_text(&error);
            // The look at the disk often fails as the change did.
            let message = if message.starts_with(&first) { message } else { format!("{first}: {message}") };
            Err(Failure::Failed(FailReason::Conflict, message))
        }
        PlacementState::NotKnown(reason) => Err(Failure::NotRecovered(reason, format!("{doing}: {}", io_text(&error)))),
    }
}
