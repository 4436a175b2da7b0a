//! Checks the settings of a server before it starts, and again before a running server takes them over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::ServeCommand;
use crate::cli::failure::{CommandFailure, USAGE};
use crate::cli::schedules::{self, ConfiguredStarters};
use crate::cli::{config_file, library, named_library, offers, webhooks};
use crate::web::{Access, Assets, Tokens};
use headway_server::config::{Config, Standby, StoreAddress};
use headway_server::recipes::Recipe;
use headway_server::retention::Retention;
use headway_webhooks::Webhook;

/// Settings with which a server can start, and what was read for them.
pub(super) struct CheckedSettings {
    pub(super) config: Config,
    pub(super) libraries: KnownLibraries,
    pub(super) tokens: Tokens,
    pub(super) webhooks: Vec<Webhook>,
    /// The schedules and the watched folders.
    pub(super) starters: ConfiguredStarters,
    /// The commands in the file, to be compared.
    pub(super) commands: String,
    pub(super) recipes: Vec<Arc<dyn Recipe>>,
    pub(super) assets: Assets,
    /// The folder of the client's files.
    pub(super) site: PathBuf,
}

impl ServeCommand {
    /// Checks all that can be checked before a server starts. A start and a reload both do, so that a reload takes nothing that the
    /// next start would refuse. `bound` is the address on which the server listens, or is going to. Blocking.
    pub(super) fn checked(&self, bound: SocketAddr, known: &KnownLibraries) -> anyhow::Result<CheckedSettings> {
        if self.standby && self.store.as_ref().is_none_or(StoreAddress::is_empty) {
            let text = "--standby needs --store: the database that another server works on";
            return Err(CommandFailure::new(USAGE, text).into());
        }
        let libraries = libraries(&self.libraries, known)?;
        let known_libraries = known_libraries(&self.libraries, &libraries);
        let tokens = self.tokens(bound)?;
        if self.listen != bound {
            self.tokens(self.listen)?;
        }
        Access::new(self.listen, &self.origin, None)?;
        let (assets, site) = client(self.site.clone())?;
        let (recipes, owner_only) = offers(self.config.as_deref())?;
        Ok(CheckedSettings {
            libraries: known_libraries,
            tokens,
            webhooks: webhooks::configured(self.config.as_deref())?,
            starters: schedules::configured(self.config.as_deref())?,
            commands: commands(self.config.as_deref())?,
            config: Config {
                links: links(&self.libraries, &libraries)?,
                build: assets.build().with_context(|| format!("the client in {} cannot be read", site.display()))?,
                ..self.server(libraries, owner_only)
            },
            recipes,
            assets,
            site,
        })
    }

    /// The server's settings.
    fn server(&self, libraries: Vec<(String, PathBuf)>, owner_only: BTreeSet<String>) -> Config {
        let days = |days: u32| (days > 0).then(|| Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        let mut config = Config::new(self.data.clone(), libraries);
        config.store = self.store.clone();
        config.standby = self.standby.then(Standby::default);
        config.jobs = self.jobs;
        config.trash_age = days(self.trash_days);
        config.retention = Retention {
            age: days(self.keep_days),
            jobs: self.keep_jobs,
            bytes: (self.keep_bytes > 0).then_some(self.keep_bytes),
            attempts: days(self.keep_output_days),
        };
        config.workers = self.workers.unwrap_or(config.workers);
        config.owner_only = owner_only;
        config
    }
}

/// The libraries of a server: the text of the setting, and the name and root that follow from it.
pub(super) type KnownLibraries = BTreeMap<String, (String, PathBuf)>;

fn known_libraries(given: &[String], libraries: &[(String, PathBuf)]) -> KnownLibraries {
    given.iter().cloned().zip(libraries.iter().cloned()).collect()
}

/// The libraries, whose names must differ. Those that are known are not looked at: while a disk is missing, its folder
/// can look as if it had another name.
fn libraries(given: &[String], known: &KnownLibraries) -> anyhow::Result<Vec<(String, PathBuf)>> {
    if given.is_empty() {
        let text = "no folder to serve is given; name one, as in: headway serve Photos";
        return Err(CommandFailure::new(USAGE, text).into());
    }
    let found = |text: &String| known.get(text).map_or_else(|| library(text), |known| Ok(known.clone()));
    let libraries = given.iter().map(found).collect::<anyhow::Result<Vec<_>>>()?;
    for (index, (name, _)) in libraries.iter().enumerate() {
        if libraries[..index].iter().any(|(other, _)| other == name) {
            bail!("two libraries are called {name:?}; rename one with NAME=DIR");
        }
    }
    Ok(libraries)
}

/// The paths that name libraries, where links lead from them to the roots.
fn links(given: &[String], libraries: &[(String, PathBuf)]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut links = BTreeMap::new();
    for (text, (name, root)) in given.iter().zip(libraries) {
        let path = std::path::absolute(named_library(text).1)?;
        if path != *root {
            links.insert(name.clone(), path);
        }
    }
    Ok(links)
}

/// The client's files, and their folder if they are in one.
fn client(site: Option<PathBuf>) -> anyhow::Result<(Assets, PathBuf)> {
    let folder = site.clone().unwrap_or_else(|| "target/site".into());
    if let Some(assets) = Assets::embedded().filter(|_| site.is_none()) {
        return Ok((assets, folder));
    }
    if let Err(error) = folder.join("pkg/headway.js").metadata() {
        bail!(
            "the client is not at {} ({error}); build it with ./run --build, or pass its folder with --site",
            folder.display()
        );
    }
    Ok((Assets::folder(folder.clone()), folder))
}

/// The commands in the file, to be compared.
fn commands(config: Option<&Path>) -> anyhow::Result<String> {
    let place = config_file(config)?;
    let file = place.as_deref().map(headway_server::recipes::command::read_config).transpose()?;
    Ok(file.map(|file| format!("{:?} {:?}", file.allow_commands, file.command)).unwrap_or_default())
}
