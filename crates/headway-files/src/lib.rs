//! The only way to disks: libraries, which are a user's files, and the data folder, which is Headway's own. What the first bytes of
//! a file tell of its type is here too.

mod ask_all;
mod content_type;
mod data_folder;
mod error;
mod library;
pub mod named_file;
pub mod paths;
pub mod template;
mod unable;
mod unreadable;

pub use ask_all::ask_all;
pub use content_type::{ContentType, TYPE_HEAD, nearest_type, type_name};
pub use data_folder::{
    DataFolder, DiskChanges, Ground, KnownAs, NotedFolders, Outputs, SameFiles, StateFile, StepStopped, is_held,
    private, remove_tree,
};
pub use error::FolderError;
pub use library::{
    BadChange, Change, DiskRoom, FileId, FileIds, Found, Identity, InnerMounts, Inspected, LONGEST_NAME, Library,
    LibraryFile, LibraryFolder, ListedFile, Maker, Moved, Moves, NoOutput, OpenError, OpenFile, OpenPlacement, OwnName,
    Placement, PlacementState, Prediction, Reach, ScanError, Sealed, Staged, Swap, Trashed, Unfit, Workshop, as_named,
    disk_room, environment, environment_of_start, fails, fault, fault_of, free_bytes, hold, inspect, inspect_again,
    inspect_alone, inspect_at, inspect_named, io_text, is_absent, is_litter, is_own_folder, is_storage_error,
    memory_available, might_be_in, mounted_below, scan, walk,
};
pub use unable::{unable, unable_of_any};
pub use unreadable::Unreadable;

use headway_model::Millis;

/// The current time in milliseconds since 1970. Every time that is recorded comes from here.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
