//! The product without HTTP: engine, store, recipes, files. `api`, `web` and `cli` see only [`Server`].

pub mod config;
pub mod data;
pub mod descriptors;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod files;
pub mod follow;
pub mod guard;
pub mod index;
pub mod recent;
pub mod recipes;
pub mod retention;
pub mod rows;
pub mod steps;
pub mod store;
pub mod template;
pub mod writer;

mod handle;
#[cfg(test)]
mod simulation;

pub use handle::{Server, Started};

use crate::model::Millis;

/// The clock: milliseconds since 1970. The only place that reads it for facts.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
