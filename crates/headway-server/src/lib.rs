//! The product without HTTP: engine, store, recipes, files. [`Server`] is the public face for `api`, `web` and `cli`.

mod builder;
mod clock;
pub mod config;
mod doctor;
mod engine;
pub mod error;
pub mod follow;
mod index;
pub mod maintenance;
mod placements;
mod recent;
pub mod retention;
mod steps;
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "tests outside this crate reach it"))]
mod writer;

mod handle;
#[cfg(test)]
mod simulation;
mod source;

/// What tests outside this crate drive by hand.
#[cfg(feature = "testing")]
pub mod testing {
    pub use crate::writer::{Append, AppendError, Writer, WriterEffect};
}

pub use builder::ServerBuilder;
pub use engine::Floor;
pub use handle::{Server, Started};
pub use headway_guard::{descriptors, run as guard};
pub use headway_recipes as recipes;
pub use headway_store::{Head, StoreError};

// What the command line needs of the files' crate.
pub use headway_files::{ask_all, is_held, is_litter, now};
