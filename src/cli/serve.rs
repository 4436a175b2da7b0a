//! `headway serve`.

mod checked;
mod held_up;
mod reload;
mod running;
mod standing_by;
mod starters;
mod tokens;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use clap::builder::FalseyValueParser;
use leptos::config::{LeptosOptions, get_configuration};
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;
use tokio::sync::{Mutex, Notify};

use super::config::ServeSetting;
use super::log::{LogFormat, ServerLog, valid_filter};
use super::{default_data, out, systemd, webhooks};
use crate::base::Base;
use crate::web::{self, Access, Socket};
use checked::{CheckedSettings, KnownLibraries};
use headway_server::config::{Standby, StoreAddress};
use headway_server::{Server, descriptors};
use headway_webhooks::{Sender, Webhook};
use held_up::warn_of_blocked_threads;
use reload::Reloading;
pub(super) use reload::hang_ups;
use running::Running;
use standing_by::StandingBy;
use starters::RunningStarters;

/// The exit code after a second signal, as of a shell whose program was interrupted.
const STOPPED_AT_ONCE: i32 = 130;

/// How long the end waits for the webhooks.
const STORED: Duration = Duration::from_millis(500);

/// Serve the pages and run jobs.
///
/// Each DIR is a library: a folder whose files Headway may read and change. Give several as NAME=DIR, each with its own
/// name; the default is the folder's name. Headway's file access cannot leave them. Commands of this user reach the server by the socket
/// in the data folder, and can name any folder.
///
/// Example:
///
/// ```sh
/// headway serve Photos
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct ServeCommand {
    /// Folders to serve, each as DIR or NAME=DIR
    #[arg(value_name = "DIR")]
    libraries: Vec<String>,

    /// The folder for the event log and other state; must be on a local disk and outside every library
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
    data: PathBuf,

    /// The PostgreSQL database with the event log, such as postgres://user@host/database, if the log is not in the data
    /// folder (docs/scale.md)
    #[arg(long, value_name = "ADDRESS", env = "HEADWAY_STORE", hide_env_values = true)]
    store: Option<StoreAddress>,

    /// Wait while another server works on this database, and take over by itself when it is gone (docs/scale.md)
    #[arg(long, env = "HEADWAY_STANDBY", value_parser = FalseyValueParser::new())]
    standby: bool,

    /// The address to listen on; anything but loopback needs --token-file
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000", env = "HEADWAY_LISTEN")]
    listen: SocketAddr,

    /// Another origin under which browsers open Headway, such as https://photos.example.org behind a proxy; repeatable
    #[arg(long, value_name = "ORIGIN", env = "HEADWAY_ORIGIN", value_delimiter = ',')]
    origin: Vec<String>,

    /// The path under which a proxy serves Headway, such as /headway, if it is not the root of its host
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true, env = "HEADWAY_BASE_PATH")]
    base_path: Base,

    /// A file with a secret of at least 16 characters that every caller must send
    #[arg(long, value_name = "FILE", env = "HEADWAY_TOKEN_FILE")]
    token_file: Option<PathBuf>,

    /// A file with another secret, for read-only access: with it nothing can be started or changed
    #[arg(long, value_name = "FILE", env = "HEADWAY_READ_TOKEN_FILE")]
    read_token_file: Option<PathBuf>,

    /// A file with settings (`headway config`) and commands (docs/commands.md)
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// Days to keep the originals that a job replaced in its trash; 0 keeps them until they are removed by hand
    #[arg(long, value_name = "DAYS", default_value_t = 30, env = "HEADWAY_TRASH_DAYS")]
    trash_days: u32,

    /// Days to keep the history of a finished job, with the manifests and reports that it wrote into the data folder; 0
    /// keeps it as long as there is room for it (--keep-bytes). A job with originals in its trash keeps its history
    #[arg(long, value_name = "DAYS", default_value_t = 365, env = "HEADWAY_KEEP_DAYS")]
    keep_days: u32,

    /// Number of finished jobs that keep their history; the oldest go first [default: all]
    #[arg(long, value_name = "N", env = "HEADWAY_KEEP_JOBS")]
    keep_jobs: Option<usize>,

    /// Size of the data folder above which old history is removed, such as 500M or 20G; 0 sets no limit
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "20G", env = "HEADWAY_KEEP_BYTES")]
    keep_bytes: u64,

    /// Days to keep command output; 0 keeps it as long as the job's history
    #[arg(long, value_name = "DAYS", default_value_t = 90, env = "HEADWAY_KEEP_OUTPUT_DAYS")]
    keep_output_days: u32,

    /// Number of jobs that run at once; the others are queued
    #[arg(long, value_name = "N", default_value_t = 4, env = "HEADWAY_JOBS")]
    jobs: usize,

    /// Number of items that run at once, over all jobs [default: the number of cores]
    #[arg(long, value_name = "N", env = "HEADWAY_WORKERS")]
    workers: Option<usize>,

    /// Maximum number of connections from one address; everyone behind a proxy shares the proxy's address [default:
    /// half of all connections, at most 1024]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), env = "HEADWAY_CONNECTIONS")]
    connections: Option<u32>,

    /// Log filter, such as `info`, or `headway=debug,warn` [default: headway=info,warn]
    #[arg(long, value_name = "FILTER", value_parser = valid_filter, env = "HEADWAY_LOG")]
    log: Option<String>,

    /// The form of the log, which goes to standard error; json is an object a line, with the ids of requests and jobs
    #[arg(long, value_name = "FORM", value_enum, default_value = "text", env = "HEADWAY_LOG_FORMAT")]
    log_format: LogFormat,

    /// Seconds after which the server ends an event stream; its reader reconnects and misses nothing
    #[arg(long, value_name = "SECONDS", default_value_t = web::STREAM_AGE.as_secs(), hide = true)]
    stream_age: u64,

    /// The folder with the built client [default: the client embedded in this program, or else target/site]
    #[arg(long, value_name = "FOLDER", env = "LEPTOS_SITE_ROOT")]
    site: Option<PathBuf>,
}

/// `hang_ups` has been listened for since the process began.
pub(super) async fn serve(
    arguments: ServeCommand,
    settings: Vec<ServeSetting>,
    hang_ups: Option<Signal>,
) -> anyhow::Result<()> {
    let hang_ups = hang_ups.map_or_else(reload::hang_ups, Ok)?;
    descriptors::raise();
    let CheckedSettings { config, libraries, tokens, webhooks, starters, commands, recipes, assets, site } =
        arguments.checked(arguments.listen, &KnownLibraries::new())?;
    let listener = listen(arguments.listen).await?;
    let bound = listener.local_addr()?;
    let access = Access::new(bound, &arguments.origin, None)?;
    access.admit(tokens.clone());

    let limits = web::ConnectionLimits::within(descriptors::most(), arguments.connections.map(|each| each as usize));
    let standing_by = |standby: Standby| {
        StandingBy::begin(&listener, standby, (access.clone(), arguments.base_path.clone()), limits, bound)
    };
    let standing_by = config.standby.clone().map(standing_by).transpose()?;
    let (sender, data) = (webhooks::sender()?, config.data.clone());
    let mut stop = Box::pin(web::signal()?);
    // In a task of its own, so that storage that does not answer can delay the start but not the end.
    let starting = tokio::spawn(Server::start_with(config, recipes));
    let server = tokio::select! {
        started = starting => started.context("the start ended badly")??,
        // The next start reads the state of the jobs again.
        () = &mut stop => return Ok(()),
    };
    drop(standing_by);

    let socket =
        Socket::bind(&data).with_context(|| format!("cannot open the socket in the data folder {}", data.display()))?;
    let host = arguments.origin.first().cloned().unwrap_or_else(|| format!("http://{bound}"));
    let base = arguments.base_path;
    let site_url = format!("{host}{base}");
    let starters = RunningStarters::begin(&server, &data, starters).await;
    let mut running_webhooks = running_webhooks(&server, data, &site_url, sender);
    running_webhooks.replace(webhooks).await;
    announce(&site_url, &access, tokens.all.as_deref());
    systemd::ready(&server, &format!("Serving at {site_url}/"));
    let reloading = Arc::new(Reloading {
        access: access.clone(),
        bound,
        server: server.clone(),
        webhooks: Mutex::new(running_webhooks),
        starters: Mutex::new(starters),
        settings: Mutex::new(settings),
        libraries: Mutex::new(libraries),
        commands,
        reported: Mutex::default(),
    });
    let gone = Arc::new(Notify::new());
    let (followed, closed) = (Arc::clone(&reloading), Arc::clone(&gone));
    let following = tokio::spawn(async move { followed.follow(hang_ups, &closed).await });
    let served = web::WebSettings {
        access,
        base,
        options: options(&site, bound)?,
        assets,
        stream_age: Duration::from_secs(arguments.stream_age.max(1)),
        limits,
        socket: Some(socket),
    };
    web::serve(listener, server, served, twice(stop_or_hang_up(stop, gone))).await?;
    following.abort();
    // They store their positions. If that takes too long, some messages are sent twice.
    tokio::time::timeout(STORED, reloading.end()).await.ok();
    warn_of_blocked_threads();
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; is another program using it? Choose another address with --listen")
    })
}

/// Ends at a stop signal, or when the terminal is closed.
async fn stop_or_hang_up(stop: impl Future<Output = ()>, gone: Arc<Notify>) {
    tokio::select! {
        () = stop => {}
        () = gone.notified() => tracing::info!("stopping: the terminal was closed"),
    }
}

/// The webhooks of a server. `site` is where pages are, without a `/` at its end.
fn running_webhooks(server: &Server, data: PathBuf, site: &str, sender: Sender) -> Running<Webhook> {
    let (server, site) = (server.clone(), site.to_owned());
    Running::new(move |webhook, stopping| {
        headway_webhooks::start(&server, &data, vec![webhook], Some(&site), &sender, stopping)
    })
}

/// Prints the addresses of the pages on standard output, on lines of their own, because scripts wait for them.
fn announce(site: &str, access: &Access, token: Option<&str>) {
    let link = token.map_or_else(|| format!("{site}/"), |token| format!("{site}/login?token={token}"));
    let reading = access.reading_link("/").map(|link| format!("A read-only link: {site}{link}"));
    for line in std::iter::once(format!("Headway is ready: open {link}")).chain(reading) {
        if let Err(failure) = out::line(&line) {
            tracing::warn!(why = failure.text, "nobody reads that the server is ready");
        }
    }
}

/// The first signal, which asks for an end in good order. The second one ends the program at once.
async fn twice(first: impl Future<Output = ()>) {
    first.await;
    systemd::stopping();
    if let Ok(again) = web::signal() {
        tokio::spawn(async move {
            again.await;
            // The next start treats running items as interrupted.
            tracing::warn!("stopping at once");
            warn_of_blocked_threads();
            std::process::exit(STOPPED_AT_ONCE);
        });
    }
}

impl ServeCommand {
    /// The settings of the server's log.
    pub(super) fn log(&self) -> ServerLog {
        ServerLog { format: self.log_format, filter: self.log.clone() }
    }
}

/// Under `cargo leptos`, its own settings apply, including the reload port; otherwise ours.
fn options(site: &Path, bound: SocketAddr) -> anyhow::Result<LeptosOptions> {
    if std::env::var_os("LEPTOS_OUTPUT_NAME").is_some() {
        return Ok(get_configuration(None)?.leptos_options);
    }
    let site = site.to_str().context("the site folder's name is not UTF-8; choose another")?;
    Ok(LeptosOptions::builder().output_name("headway").site_root(site).site_pkg_dir("pkg").site_addr(bound).build())
}

/// Parses a number of bytes with an optional suffix k, M, G or T (powers of 1,000), for clap, which takes the error's text.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("invalid size {text:?}; write it as 500M or 20G");
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()));
    let power = match unit.trim_end_matches('B') {
        "" => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(1_000u64.pow(power)).ok_or_else(wrong)
}
