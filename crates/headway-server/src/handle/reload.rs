//! Changes the settings of a running server. Jobs at work continue.

use std::path::PathBuf;
use std::sync::Arc;

use super::start_up::open_libraries;
use super::{Keeping, Server};
use crate::config::Config;
use crate::engine::schedule::{Input, ScheduleLimits};
use crate::error::StartError;
use headway_files::{DataFolder, Library};

impl Server {
    /// Takes over what can change in a server that runs: the libraries, the numbers of jobs and items at once, and how
    /// long files and history are kept. Returns the names of libraries that lead to other folders now, which only the
    /// next start takes over, because work in them might be under way. A job in a library that is no longer
    /// configured goes on to its end; only the owner can start others there.
    ///
    /// # Errors
    /// If the next start would refuse the settings, such as a library that holds the data folder or lies inside it, or the
    /// server was started without libraries. Then nothing has changed.
    pub async fn reload(&self, config: &Config) -> Result<Vec<String>, StartError> {
        let (data, libraries) = (config.data.clone(), config.libraries.clone());
        // All of them: one that stays where it is until the next start has to fit then.
        blocking(move || Ok(DataFolder::fits(&data, &libraries)?)).await?;
        let moved = self.reload_libraries(config).await?;
        *self.inner.keeping.lock() = Keeping { trash_age: config.trash_age, retention: config.retention };
        let wanted = ScheduleLimits { jobs: config.jobs.max(1), workers: config.workers.max(1) };
        let mut configured = self.inner.configured_limits.lock();
        // Other settings that change do not undo what a person has set.
        if *configured != wanted {
            *configured = wanted;
            *self.inner.limits.lock() = wanted;
            // The engine is gone if this fails.
            self.inner.tell.send(Input::Limits(wanted)).ok();
        }
        Ok(moved)
    }

    async fn reload_libraries(&self, config: &Config) -> Result<Vec<String>, StartError> {
        let wanted = &config.libraries;
        let context = &self.inner.context;
        let before = context.libraries.now();
        let here = |name: &str| before.iter().find(|library| library.name == name);
        let (mut libraries, mut added, mut moved) = (Vec::new(), Vec::new(), Vec::new());
        for (name, root) in wanted {
            // A library that was configured before is the one in which its jobs still work.
            let known = here(name).map(Arc::clone).or_else(|| context.by_path.get(name));
            match known {
                Some(library) => {
                    let looked = Arc::clone(&library);
                    let leads = self.inner.looks.look(name, move || looked.leads_elsewhere()).await.flatten();
                    if library.path != *root || leads.is_some() {
                        moved.push(name.clone());
                    }
                    libraries.push(library);
                }
                None => added.push((name.clone(), root.clone())),
            }
        }
        if !added.is_empty() && !self.inner.index.follows_log() {
            return Err(StartError("a server that was started without libraries cannot get one while it runs".into()));
        }
        if !added.is_empty() {
            libraries.extend(self.opened(added, config).await?);
        }
        let position = |library: &Arc<Library>| wanted.iter().position(|(name, _)| *name == library.name);
        libraries.sort_by_key(position);
        let is_same = libraries.len() == before.len() && libraries.iter().zip(&*before).all(|(a, b)| Arc::ptr_eq(a, b));
        if !is_same {
            // Before they leave the list, so that their jobs find them at every moment.
            before
                .iter()
                .filter(|library| position(library).is_none())
                .for_each(|library| context.by_path.keep(library));
            let names: Vec<_> = libraries.iter().map(|library| library.name.clone()).collect();
            context.libraries.set(libraries);
            names.iter().for_each(|name| context.by_path.forget(name));
            self.inner.index.libraries_changed();
        }
        Ok(moved)
    }

    /// Opens those of the libraries that were not configured before.
    async fn opened(&self, added: Vec<(String, PathBuf)>, config: &Config) -> Result<Vec<Arc<Library>>, StartError> {
        let (data, steps) = (Arc::clone(&self.inner.context.data), self.inner.context.steps.clone());
        let (links, all) = (config.links.clone(), config.libraries.len());
        let open = move || open_libraries(&data, &steps, &added, &links)?.or_none_of(&data, all);
        blocking(open).await.map(|opened| opened.libraries)
    }
}

async fn blocking<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    let looked = tokio::task::spawn_blocking(look).await;
    looked.unwrap_or_else(|error| Err(StartError(format!("the look at the folders ended early: {error}"))))
}
