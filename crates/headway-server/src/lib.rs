//! The product without HTTP: engine, store, recipes, files. `api`, `web` and `cli` see only [`Server`].

mod builder;
mod clock;
pub mod config;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod follow;
pub mod index;
pub mod maintenance;
pub mod recent;
pub mod retention;
pub mod steps;
pub mod writer;

mod handle;
#[cfg(test)]
mod simulation;
mod source;

pub use builder::ServerBuilder;
pub use handle::{Server, Started};
pub use headway_guard::{descriptors, run as guard};
pub use headway_recipes as recipes;
pub use headway_store::{Head, StoreError};

/// The clock that stamps events, in milliseconds since 1970.
pub use headway_files::now;
