//! What a server needs, put together.

use std::path::PathBuf;
use std::sync::Arc;

use headway_recipes::Recipe;

use crate::Server;
use crate::config::Config;
use crate::error::StartError;

/// A server in the making: what is not said has its default.
pub struct ServerBuilder {
    config: Config,
    recipes: Vec<Arc<dyn Recipe>>,
}

impl Server {
    /// Begins with a data folder, which is made if it is not there. It must be on a local disk and outside every library.
    pub fn builder(data: impl Into<PathBuf>) -> ServerBuilder {
        ServerBuilder { config: Config::new(data.into(), Vec::new()), recipes: headway_recipes::all() }
    }
}

impl ServerBuilder {
    /// Serves a folder as a library of this name. Headway's file access cannot leave it.
    #[must_use]
    pub fn library(mut self, name: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        self.config.libraries.push((name.into(), root.into()));
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

    /// Opens the data folder and the libraries, takes up every job that is not over, and starts the engine. To be called within
    /// a Tokio runtime.
    ///
    /// Two things are left to the program. Before it ends it waits for [`Server::stop`]; else its end counts as a crash of whatever is
    /// under way. And if it has recipes that run programs, its `main` begins with [`guard`](crate::guard), before there are threads, when
    /// its first argument is `guard`: it is started so to look after them ([`Config::program`]).
    ///
    /// # Errors
    /// If two recipes or two libraries have one name, or a folder or the log cannot be opened; the text says what to do.
    pub async fn start(self) -> Result<Server, StartError> {
        let twice = |names: Vec<String>| {
            let mut seen = std::collections::HashSet::new();
            names.into_iter().find(|name| !seen.insert(name.clone()))
        };
        if let Some(name) = twice(self.recipes.iter().map(|recipe| recipe.info().name).collect()) {
            return Err(StartError(format!("two recipes are called {name:?}; give one another name")));
        }
        if let Some(name) = twice(self.config.libraries.iter().map(|(name, _)| name.clone()).collect()) {
            return Err(StartError(format!("two libraries are called {name:?}; give one another name")));
        }
        Server::start_with(self.config, self.recipes).await
    }
}
