//! The only way to disks: libraries, which are a user's files, and the data folder, which is Headway's own.

mod data_folder;
mod error;
mod library;
mod patience;
pub mod template;
mod unable;
mod unreadable;

pub use data_folder::*;
pub use error::FolderError;
pub use library::*;
pub use patience::ask_all;
pub use unable::{unable, unable_of_any};
pub use unreadable::Unreadable;

use headway_model::Millis;

/// The clock: milliseconds since 1970. The only place that reads it for facts.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
