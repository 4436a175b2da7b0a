//! The Unix socket in the data folder, for programs of the user who runs the server. They have the full rights of that
//! user.
//!
//! The kernel confirms that a caller is the server's user, or root. There is no token and no check of the host name.

use std::fs::{Permissions, set_permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use super::{Access, App, Assets, WebSettings, access, bodies, connections, error, events, problem, request_id, rest};
use headway_server::{Server, paths};

/// The socket's name in the data folder.
const NAME: &str = "headway.sock";

/// Maximum number of connections at a time.
const CONNECTIONS: u32 = 256;

/// How long to wait before accepting again after an error that does not pass at once.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that programs of the same user can connect to. Removed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// The data folder, kept open so that the socket can be reached however long its path is.
    _folder: OwnedFd,
}

impl Socket {
    /// Listens in a data folder, whose lock the caller must hold. Replaces a socket that an earlier process left.
    ///
    /// # Errors
    /// The system's error.
    pub fn bind(data: &Path) -> io::Result<Self> {
        let folder = paths::hold_folder(data)?;
        let within = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
        let (path, new) = (within.join(NAME), within.join(format!("{NAME}.part")));
        let listener = paths::make_socket(&new, || UnixListener::bind(&new))?;
        set_permissions(&new, Permissions::from_mode(0o600))?;
        // It gets its name only once it can be used.
        paths::rename(&new, &path)?;
        Ok(Socket { listener, path, _folder: folder })
    }

    /// Serves until `stopping` holds `true`, then lets every response finish.
    pub async fn serve(self, server: Server, mut stopping: watch::Receiver<bool>) {
        let settings = WebSettings::new(Access::owner(), Assets::folder(PathBuf::new()));
        let router = router(App::new(server.for_owner(), settings, stopping.clone()));
        let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
        loop {
            let taken = tokio::select! {
                taken = accept(&self.listener, &places) => taken,
                _ = stopping.wait_for(|stopping| *stopping) => break,
            };
            match taken {
                Ok((stream, place)) => {
                    tokio::spawn(connections::connection(stream, router.clone(), place, stopping.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a program cannot be served at the socket");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(self);
        // This fails only if the semaphore was closed, and nobody closes it.
        drop(places.acquire_many(CONNECTIONS).await);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // If the file stays, it refuses connections, and the next server replaces it.
        paths::remove_file(&self.path).ok();
    }
}

/// The next connection of the same user, once there is a free place for it.
async fn accept(
    listener: &UnixListener,
    places: &Arc<Semaphore>,
) -> io::Result<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the peer has the user id {peer}")));
    }
    Ok((stream, place))
}

/// The calls and the stream; no pages.
fn router(app: App) -> Router {
    let gate = middleware::from_fn_with_state(app.access.clone(), access::gate);
    Router::new()
        .merge(rest::router())
        .merge(events::router())
        .fallback(async || error::ErrorResponse(rest::no_such_call()))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(axum::extract::DefaultBodyLimit::max(super::BODY_LIMIT))
        .layer(middleware::from_fn(bodies::arrive))
        .layer(gate)
        .layer(middleware::from_fn(problem::details))
        .layer(middleware::from_fn(request_id::named))
        .with_state(app)
}
