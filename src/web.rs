//! The product over HTTP: the router, the one gate before it, and the way to stop. Holds no rule about jobs.

mod access;
mod assets;
mod error;
mod events;
mod pages;
mod rest;
mod shutdown;

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware;
use leptos::config::LeptosOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use access::{Access, BadOrigin};
pub use shutdown::signal;

use crate::server::Server;

/// The largest body of a call, in bytes.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What every handler may use.
#[derive(Clone, FromRef)]
pub struct App {
    server: Server,
    access: Access,
    options: LeptosOptions,
    stopping: watch::Receiver<bool>,
}

/// Serves until `shutdown` is ready; then ends every stream, lets calls finish, and stops the engine.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    access: Access,
    options: LeptosOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let app = App { server: server.clone(), access, options, stopping };
    let stopped = async move {
        shutdown.await;
        // Streams first: the graceful shutdown waits for every response to end.
        stop.send_replace(true);
    };
    let serving = axum::serve(listener, router(app)).with_graceful_shutdown(stopped);
    let result = serving.await;
    if tokio::time::timeout(Duration::from_secs(20), server.stop()).await.is_err() {
        tracing::warn!("running items did not end in time; they will be taken up again as interrupted");
    }
    result
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

impl App {
    /// An app for a server, its callers and its pages.
    pub fn new(server: Server, access: Access, options: LeptosOptions, stopping: watch::Receiver<bool>) -> Self {
        App { server, access, options, stopping }
    }
}
