//! The server inside a `headway run` when no other process holds the data folder: the same engine, reachable by the
//! socket only. It continues no earlier job unless asked to.

use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::failure::{CommandFailure, NO_SERVER};
use super::offers;
use crate::web::Socket;
use headway_server::config::{Config, StoreAddress};
use headway_server::maintenance::{is_held, make_folder};
use headway_server::retention::Retention;
use headway_server::{Server, descriptors};

/// How this process can become the host.
#[derive(Debug, Clone)]
pub(super) struct Hosting {
    pub(super) data: PathBuf,
    /// The database with the log, if it is not in the data folder.
    pub(super) store: Option<StoreAddress>,
    /// A file that defines commands.
    pub(super) config: Option<PathBuf>,
    /// How many items run at once, over all jobs; the number of cores if omitted.
    pub(super) workers: Option<usize>,
}

/// This process as the host.
pub(super) struct Host {
    server: Server,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Hosting {
    /// Creates the data folder, because the socket is in it.
    pub(super) fn make_folder(&self) -> Result<(), CommandFailure> {
        let text = |error| format!("cannot make the data folder {}: {error}", self.data.display());
        make_folder(&self.data).map_err(|error| CommandFailure::new(NO_SERVER, text(error)))
    }

    /// Whether no process is the host, and this one, as the host, would have no such recipe.
    pub(super) fn lacks(&self, recipe: &str) -> Result<bool, CommandFailure> {
        let is_held = is_held(&self.data).map_err(|error| CommandFailure::new(NO_SERVER, error.to_string()))?;
        Ok(!is_held && offers(self.config.as_deref())?.0.iter().all(|known| known.info().name != recipe))
    }

    /// Becomes the host; `None` if another process is.
    pub(super) async fn host(&self) -> Result<Option<Host>, CommandFailure> {
        let fail = |error: &dyn std::fmt::Display| CommandFailure::new(NO_SERVER, error.to_string());
        if is_held(&self.data).map_err(|error| fail(&error))? {
            return Ok(None);
        }
        descriptors::raise();
        let (recipes, owner_only) = offers(self.config.as_deref())?;
        let mut config = Config::new(self.data.clone(), Vec::new());
        (config.takes_up, config.owner_only) = (false, owner_only);
        config.store = self.store.clone();
        // Only `headway serve` is configured to remove old files and history.
        (config.trash_age, config.retention) = (None, Retention::default());
        // At least the number of cores, more if requested.
        config.workers = config.workers.max(self.workers.unwrap_or_default());
        let server = match Server::start_with(config, recipes).await {
            Ok(server) => server,
            // Another process was faster.
            Err(_) if is_held(&self.data).map_err(|error| fail(&error))? => return Ok(None),
            Err(error) => return Err(fail(&error)),
        };
        let socket = Socket::bind(&self.data).map_err(|error| {
            fail(&format!("the socket in the data folder {} cannot be opened: {error}", self.data.display()))
        })?;
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(socket.serve(server.clone(), stopping));
        Ok(Some(Host { server, stop, serving }))
    }
}

impl Host {
    /// Ends as `headway serve` does: running items get a little time, and are then taken back.
    pub(super) async fn end(self) {
        self.server.begin_to_stop();
        self.stop.send_replace(true);
        self.server.stop().await;
        // Disconnect programs that are still reading.
        drop(tokio::time::timeout(std::time::Duration::from_secs(1), self.serving).await);
    }

    /// Ends at once: running items are taken back.
    pub(super) async fn end_now(self) {
        self.stop.send_replace(true);
        self.server.stop_now().await;
    }
}
