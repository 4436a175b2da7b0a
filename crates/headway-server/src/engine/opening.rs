//! The one door through which a server opens a library: a configured one, or one that a job names by its path.

use std::path::Path;

use crate::steps::{OwnWork, Step, Steps};
use headway_files::{FolderError, Identity, Library};

/// Opens a library, and removes what an earlier process left in it. One that cannot be opened is waited for, and is
/// cleaned up when it comes back. Blocking.
pub(crate) fn open_library(
    steps: &Steps,
    name: &str,
    root: &Path,
    known: Option<Identity>,
) -> (Library, Option<FolderError>) {
    let (library, error) = Library::open_or_wait(name, root, known);
    // If this step was given up, the log reports it.
    steps.carry_out(&OwnWork::of_library(name, Step::CleanUp), || library.clean_up()).ok();
    (library, error)
}
