//! The product without HTTP: engine, store, recipes, files. [`Server`] is the public face for `api`, `web` and `cli`.

mod boot;
mod builder;
mod clock;
pub mod config;
mod doctor;
mod engine;
pub mod error;
pub mod follow;
mod index;
mod log_place;
pub mod maintenance;
mod nothing_found;
mod placements;
mod recent;
pub mod retention;
mod steps;
mod writer;

mod handle;
#[cfg(test)]
mod simulation;
mod source;

/// What tests outside this crate drive by hand.
#[cfg(feature = "testing")]
pub mod testing {
    use std::sync::Arc;

    /// The store of a server's log.
    pub fn store(server: &crate::Server) -> &Arc<dyn headway_store::Store> {
        server.store()
    }
}

pub use builder::ServerBuilder;
pub use engine::Floor;
pub use handle::{LogReader, MadeFiles, Server, SizeAndTime, Started, WatchedFiles};
pub use headway_guard::{descriptors, run as guard};
pub use headway_store::{Head, StoreError};

// The parts of the files' crate that the command line needs.
pub use headway_files::{ask_all, is_absent, is_litter, named_file, now, paths};

/// The recipes that come with Headway, commands, and what a recipe of one's own is made of.
pub mod recipes {
    pub use headway_recipes::{
        Attempt, Binding, Effect, EmptyOutput, Failure, ItemResult, ItemResults, Library, LiveOutput, Obstacle,
        OpenFile, Outputs, Plan, Progress, ReadHead, Recipe, Rename, Setting, Settings, ShellFile, Staged, StopReason,
        Success, Unable, Work, WrongSetting, all,
    };

    /// Commands as recipes.
    pub mod command {
        pub use headway_recipes::command::{AdHocCommand, NamedCommand, presets, read_config};
    }
}
