//! The product over HTTP: the router, the gate in front of it, and the shutdown. Holds no rules about jobs.

mod access;
mod assets;
mod base_path;
mod bodies;
mod calls;
mod compression;
mod connections;
mod error;
mod events;
mod html;
mod languages;
mod pages;
mod probes;
mod problem;
mod redact;
mod refusal_page;
mod request_id;
mod rest;
mod shutdown;
mod socket;
mod standby;

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware;
use leptos::config::LeptosOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use access::{Access, BadOrigin, Rights, Tokens};
pub use assets::Assets;
pub use connections::ConnectionLimits;
pub use shutdown::signal;
pub use socket::Socket;
pub use standby::stand_by;

use self::events::Followers;
use crate::base::Base;
use headway_server::Server;

/// The largest body of a call, in bytes.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The state that every handler can use.
#[derive(Clone, FromRef)]
pub struct App {
    server: Server,
    access: Access,
    base: Base,
    options: LeptosOptions,
    assets: Assets,
    stopping: watch::Receiver<bool>,
    stream_age: Duration,
    followers: Followers,
}

/// How Headway is served.
pub struct WebSettings {
    /// Who may call.
    pub access: Access,
    /// The path under which a proxy serves Headway.
    pub base: Base,
    /// The settings of Leptos.
    pub options: LeptosOptions,
    /// Where the client's files are.
    pub assets: Assets,
    /// About how long a stream lives; see [`STREAM_AGE`].
    pub stream_age: Duration,
    /// The limits on connections.
    pub limits: ConnectionLimits,
    /// The socket for the user who runs the server, beside the address for everyone.
    pub socket: Option<Socket>,
}

impl WebSettings {
    /// Default settings, with this access and these client files.
    pub fn new(access: Access, assets: Assets) -> Self {
        let options =
            LeptosOptions::builder().output_name("headway").site_root("target/site").site_pkg_dir("pkg").build();
        WebSettings {
            access,
            base: Base::default(),
            options,
            assets,
            stream_age: STREAM_AGE,
            limits: ConnectionLimits::default(),
            socket: None,
        }
    }
}

impl App {
    /// The state of the routes. Once `stopping` holds `true`, every stream ends, so that its connection can end.
    pub fn new(server: Server, settings: WebSettings, stopping: watch::Receiver<bool>) -> Self {
        let WebSettings { access, base, options, assets, stream_age, limits: _, socket: _ } = settings;
        App { server, access, base, options, assets, stopping, stream_age, followers: Followers::default() }
    }
}

/// How long a stream lives before the server ends it; its reader reconnects and misses nothing.
pub const STREAM_AGE: Duration = Duration::from_secs(9 * 60);

/// After a stop, how long to wait for readers that do not read.
const DRAIN: Duration = Duration::from_secs(3);

/// After that the engine gets this long: in all less than the ten seconds after which `docker stop` kills.
const STOP: Duration = Duration::from_secs(6);

/// Serves until `shutdown` is ready, then ends every stream, lets calls finish, and stops the engine.
pub async fn serve(
    listener: TcpListener,
    server: Server,
    mut settings: WebSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let mut stopped_for_long = stopping.clone();
    let (limits, connections) = (settings.limits, stopping.clone());
    let socket = settings.socket.take();
    let app = App::new(server.clone(), settings, stopping);
    let engine = server.clone();
    tokio::spawn(async move {
        shutdown.await;
        engine.begin_to_stop();
        // Each stream and connection ends after the message or response in progress.
        stop.send_replace(true);
    });
    let for_owner = socket.map(|socket| socket.serve(server.clone(), connections.clone()));
    let for_owner = async { futures::future::OptionFuture::from(for_owner).await.unwrap_or_default() };
    tokio::select! {
        ((), ()) = async { tokio::join!(connections::serve(listener, router(app), limits, connections), for_owner) } => {}
        () = async {
            stopped_for_long.wait_for(|stopping| *stopping).await.ok();
            tokio::time::sleep(DRAIN).await;
        } => {}
    }
    if tokio::time::timeout(STOP, server.stop()).await.is_err() {
        tracing::warn!("running items did not end in time; the next start will treat them as interrupted");
    }
    Ok(())
}

/// Every route, behind the gate. Another program can mount this router beside its own routes, at the root of its host
/// (or with [`WebSettings::base`], which is taken off here),
/// with [`Router::fallback_service`], as in `examples/embed.rs`. [`serve`] also limits connections, which
/// [`axum::serve()`] does not. To stop, that program ends the streams through the channel given to [`App::new`], and
/// waits for [`Server::stop`].
pub fn router(app: App) -> Router {
    let base = app.base.clone();
    let gate = middleware::from_fn_with_state(app.access.clone(), access::gate);
    let router = Router::new()
        .merge(rest::router())
        .merge(events::router())
        .merge(access::router())
        .merge(calls::router())
        .merge(pages::router())
        .merge(probes::router())
        .fallback(assets::fallback)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(bodies::arrive))
        .layer(compression::layer())
        .layer(middleware::from_fn(base_path::to_page))
        .layer(gate)
        .layer(middleware::from_fn(problem::details))
        .layer(middleware::from_fn(request_id::named))
        .with_state(app);
    base_path::mount(router, base)
}
