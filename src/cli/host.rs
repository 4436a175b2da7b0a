//! The server in a `headway run`, for when no other holds the data folder: the same engine, at the socket alone. It works on nothing
//! that nobody asked for.

use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::failure::{CommandFailure, NO_SERVER};
use super::offers;
use crate::web::Socket;
use headway_server::config::Config;
use headway_server::retention::Retention;
use headway_server::{Server, descriptors, is_held};

/// How this process can be the host.
#[derive(Debug, Clone)]
pub(super) struct Hosting {
    pub(super) data: PathBuf,
    /// A file that defines commands.
    pub(super) config: Option<PathBuf>,
    /// How many items run at once, over all jobs; as many as there are cores if left out.
    pub(super) workers: Option<usize>,
}

/// This process as the host.
pub(super) struct Host {
    server: Server,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Hosting {
    /// Makes the data folder, so that its socket has a place.
    pub(super) fn make_folder(&self) -> Result<(), CommandFailure> {
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data);
        let text = |error| format!("cannot make the data folder {}: {error}", self.data.display());
        made.map_err(|error| CommandFailure::new(NO_SERVER, text(error)))
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
        // What is removed by age, and when, is configured at the server.
        (config.trash_age, config.retention) = (None, Retention::default());
        // As many as are asked for, but not fewer than there are cores.
        config.workers = config.workers.max(self.workers.unwrap_or_default());
        let server = match Server::start_with(config, recipes).await {
            Ok(server) => server,
            // Another was quicker.
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
    /// Ends as `headway serve` does: what runs has a little time, and is taken back after that.
    pub(super) async fn end(self) {
        self.server.begin_to_stop();
        self.stop.send_replace(true);
        self.server.stop().await;
        // Programs that still read are cut.
        drop(tokio::time::timeout(std::time::Duration::from_secs(1), self.serving).await);
    }

    /// Ends at once: what runs is taken back.
    pub(super) async fn end_now(self) {
        self.stop.send_replace(true);
        self.server.stop_now().await;
    }
}
