//! New settings for a running server, on SIGHUP: taken whole or not at all. Jobs go on.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::net::SocketAddr;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, Notify};

use super::checked::{CheckedSettings, KnownLibraries};
use super::running::Running;
use super::starters::RunningStarters;
use crate::cli::config::ServeSetting;
use crate::cli::{CliCommand, help, log, systemd};
use crate::web::Access;
use headway_server::Server;
use headway_webhooks::Webhook;

/// The settings that can change while the server runs, by their names in the file.
const CHANGING: [&str; 11] = [
    "libraries",
    "token_file",
    "read_token_file",
    "trash_days",
    "keep_days",
    "keep_jobs",
    "keep_bytes",
    "keep_output_days",
    "jobs",
    "workers",
    "log",
];

/// A running server, as far as its settings can change.
pub(super) struct Reloading {
    pub(super) access: Access,
    pub(super) bound: SocketAddr,
    pub(super) server: Server,
    pub(super) webhooks: Mutex<Running<Webhook>>,
    pub(super) starters: Mutex<RunningStarters>,
    /// The settings in force.
    pub(super) settings: Mutex<Vec<ServeSetting>>,
    /// The libraries, as they were found when each was first named.
    pub(super) libraries: Mutex<KnownLibraries>,
    /// The commands in the file, which only a start reads.
    pub(super) commands: String,
    /// The settings that the log last reported as waiting for the next start.
    pub(super) reported: Mutex<String>,
}

/// The settings, the log's filter, and everything that was read and checked for a change.
type NewSettings = (Vec<ServeSetting>, Option<String>, CheckedSettings);

/// Whether the terminal in which the server was started is open.
fn has_terminal() -> bool {
    std::io::stdin().is_terminal() || std::io::stdout().is_terminal() || std::io::stderr().is_terminal()
}

/// Listens for SIGHUP, which no longer ends the process.
pub(in crate::cli) fn hang_ups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

impl Reloading {
    /// Reads the settings again at each signal. A terminal that is closed sends the same signal; then `gone` is notified.
    pub(super) async fn follow(&self, mut hang_ups: Signal, gone: &Notify) {
        let had_terminal = has_terminal();
        while hang_ups.recv().await.is_some() {
            if had_terminal && !has_terminal() {
                return gone.notify_one();
            }
            systemd::reloading();
            self.reload().await;
            systemd::reloaded();
        }
    }

    /// Ends the webhooks, the schedules and the watches. They store their positions.
    pub(super) async fn end(&self) {
        self.starters.lock().await.end().await;
        self.webhooks.lock().await.end().await;
    }

    async fn reload(&self) {
        let (bound, known) = (self.bound, self.libraries.lock().await.clone());
        // Files and folders are looked at, and their storage can be slow.
        let read = tokio::task::spawn_blocking(move || read(bound, &known)).await;
        let read = read.unwrap_or_else(|error| Err(error.to_string()));
        let applied = match read {
            Ok(new) => self.apply(new).await,
            Err(why) => Err(why),
        };
        if let Err(why) = applied {
            tracing::error!(error = why.trim(), "the settings were not changed; the old ones stay in force");
        }
    }

    /// Takes over the new settings.
    async fn apply(&self, (settings, log, new): NewSettings) -> Result<(), String> {
        let CheckedSettings { config, libraries, tokens, webhooks, starters, commands, .. } = new;
        let moved = self.server.reload(&config).await.map_err(|error| error.to_string())?;
        *self.libraries.lock().await = libraries;
        let mut changed: BTreeSet<String> = BTreeSet::new();
        if self.access.admit(tokens) {
            changed.insert("the tokens".into());
        }
        if self.webhooks.lock().await.replace(webhooks).await {
            changed.insert("the webhooks".into());
        }
        changed.extend(self.starters.lock().await.replace(starters).await.into_iter().map(str::to_owned));
        log::refilter(log.as_deref());
        let mut in_force = self.settings.lock().await;
        let mut at_start: BTreeSet<String> =
            moved.iter().map(|name| format!("the folder of library {name:?}")).collect();
        for setting in settings {
            let Some(known) = in_force.iter_mut().find(|known| known.name == setting.name) else { continue };
            match known.values == setting.values {
                true => {}
                false if CHANGING.contains(&known.name.as_str()) => _ = changed.insert(known.name.clone()),
                false => {
                    at_start.insert(setting.name);
                    continue;
                }
            }
            *known = setting;
        }
        if commands != self.commands {
            at_start.insert("the commands".into());
        }
        let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
        tracing::info!(changed = list(changed), "the settings were read again");
        // Reported once, and not again at every signal.
        let waiting = list(at_start);
        let reported = std::mem::replace(&mut *self.reported.lock().await, waiting.clone());
        if !waiting.is_empty() && waiting != reported {
            tracing::warn!(settings = waiting, "these settings have changed and take effect at the next start");
        }
        Ok(())
    }
}

/// Reads the settings of this process again: its arguments and variables are unchanged, but the files might have
/// changed. Blocking.
fn read(bound: SocketAddr, known: &KnownLibraries) -> Result<NewSettings, String> {
    let (arguments, settings) =
        help::arguments().map_err(|error| error.to_string().trim_start_matches("error: ").to_owned())?;
    let CliCommand::Serve(serve) = arguments.command else { return Err("the command is no longer serve".into()) };
    let checked = serve.checked(bound, known).map_err(|error| format!("{error:#}"))?;
    Ok((settings, serve.log, checked))
}
