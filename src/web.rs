//! The product over HTTP: the router, the one gate before it, and the way to stop. Holds no rule about jobs.

mod access;
mod assets;
mod error;
mod events;
mod pages;
mod rest;
mod shutdown;

use std::future::{Future, IntoFuture};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware;
use axum::serve::ListenerExt;
use leptos::config::LeptosOptions;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use access::{Access, BadOrigin};
pub use assets::Assets;
pub use shutdown::signal;

use self::events::Followers;
use crate::server::Server;

/// The largest body of a call, in bytes.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What every handler may use.
#[derive(Clone, FromRef)]
pub struct App {
    server: Server,
    access: Access,
    options: LeptosOptions,
    assets: Assets,
    stopping: watch::Receiver<bool>,
    stream_age: Duration,
    followers: Followers,
}

/// How it is served.
pub struct Settings {
    /// Who may call.
    pub access: Access,
    /// What Leptos wants to know.
    pub options: LeptosOptions,
    /// Where the client's files are.
    pub assets: Assets,
    /// How long a stream lives, about; see [`STREAM_AGE`].
    pub stream_age: Duration,
}

/// How long a stream lives before it is ended on purpose; its reader comes back and misses nothing.
pub const STREAM_AGE: Duration = Duration::from_secs(9 * 60);

/// A peer that takes nothing for this long is cut off.
const PEER_TIMEOUT: Duration = Duration::from_secs(30);

/// After a stop, readers that read nothing are waited for this long.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves until `shutdown` is ready; then ends every stream, lets calls finish, and stops the engine.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let mut stopped_for_long = stopping.clone();
    let Settings { access, options, assets, stream_age } = settings;
    let app =
        App { server: server.clone(), access, options, assets, stopping, stream_age, followers: Followers::default() };
    let stopped = async move {
        shutdown.await;
        // Streams first: the graceful shutdown waits for every response to end.
        stop.send_replace(true);
    };
    let serving = axum::serve(listener.tap_io(prepare), router(app)).with_graceful_shutdown(stopped);
    let result = tokio::select! {
        result = serving.into_future() => result,
        () = async {
            stopped_for_long.wait_for(|stopping| *stopping).await.ok();
            tokio::time::sleep(DRAIN).await;
        } => Ok(()),
    };
    if tokio::time::timeout(Duration::from_secs(20), server.stop()).await.is_err() {
        tracing::warn!("running items did not end in time; they will be taken up again as interrupted");
    }
    result
}

/// Small writes go out at once, and a peer that is gone is noticed.
fn prepare(stream: &mut TcpStream) {
    let timeout = rustix::net::sockopt::set_tcp_user_timeout(&*stream, PEER_TIMEOUT.as_millis() as u32);
    if let Err(error) = stream.set_nodelay(true).and(timeout.map_err(Into::into)) {
        tracing::debug!(%error, "a connection keeps the system's settings");
    }
}

/// Every route, behind the gate.
pub fn router(app: App) -> Router {
    let gate = middleware::from_fn_with_state(app.access.clone(), access::gate);
    Router::new()
        .merge(rest::router())
        .merge(events::router())
        .merge(access::router())
        .merge(pages::router())
        .fallback(assets::fallback)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(gate)
        .with_state(app)
}
