//! Builds a [`Server`] for a program that embeds one.

use std::path::PathBuf;
use std::sync::Arc;

use headway_recipes::Recipe;

use crate::Server;
use crate::config::{Config, Standby, StoreAddress};
use crate::error::StartError;

/// Collects a server's settings. Settings not given have their defaults.
pub struct ServerBuilder {
    config: Config,
    recipes: Vec<Arc<dyn Recipe>>,
}

impl Server {
    /// Begins with a data folder, which is created if it does not exist. It must be on a local disk and outside every library.
    pub fn builder(data: impl Into<PathBuf>) -> ServerBuilder {
        ServerBuilder { config: Config::new(data.into(), Vec::new()), recipes: headway_recipes::all() }
    }
}

impl ServerBuilder {
    /// Serves a folder as a library with this name. Headway's file access cannot leave it.
    #[must_use]
    pub fn library(mut self, name: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        self.config.libraries.push((name.into(), root.into()));
        self
    }

    /// Keeps the log in this PostgreSQL database, such as `postgres://user@host/database`, and not in the data folder.
    #[must_use]
    pub fn store(mut self, address: impl Into<StoreAddress>) -> Self {
        self.config.store = Some(address.into());
        self
    }

    /// Waits at the start until no other server works on the database, and then takes over.
    #[must_use]
    pub fn standby(mut self, standby: Standby) -> Self {
        self.config.standby = Some(standby);
        self
    }

    /// Offers a recipe beside the built-in ones.
    #[must_use]
    pub fn recipe(mut self, recipe: Arc<dyn Recipe>) -> Self {
        self.recipes.push(recipe);
        self
    }

    /// Changes any other setting.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Opens the data folder and the libraries, takes up every live job, and starts the engine. Call it within a
    /// Tokio runtime.
    ///
    /// The embedding program has two duties. Before it ends, it must wait for [`Server::stop`]; otherwise its end
    /// counts as a crash of everything under way. And if any of its recipes run programs, its `main` must check
    /// whether the first argument is `guard` and, if so, call [`guard`](crate::guard) before it starts any thread:
    /// Headway starts [`Config::program`] with that argument to supervise child processes.
    ///
    /// # Errors
    /// If two recipes or two libraries have the same name, or a folder or the log cannot be opened. The text says what to do.
    pub async fn start(self) -> Result<Server, StartError> {
        let twice = |names: Vec<String>| {
            let mut seen = std::collections::HashSet::new();
            names.into_iter().find(|name| !seen.insert(name.clone()))
        };
        if let Some(name) = twice(self.recipes.iter().map(|recipe| recipe.info().name).collect()) {
            return Err(StartError(format!("two recipes are called {name:?}; rename one of them")));
        }
        if let Some(name) = twice(self.config.libraries.iter().map(|(name, _)| name.clone()).collect()) {
            return Err(StartError(format!("two libraries are called {name:?}; rename one of them")));
        }
        Server::start_with(self.config, self.recipes).await
    }
}
