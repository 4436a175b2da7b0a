//! Notifies systemd about a service of `Type=notify`: that it is ready, that it stops, and, with `WatchdogSec=`, that
//! it is well. Does nothing without systemd.

use headway_server::Server;
use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::task::JoinHandle;

/// Notifies systemd that the server is ready, with a line for `systemctl status`, and from then on that it is well.
pub(super) fn ready(server: &Server, line: &str) {
    send_states(&[NotifyState::Ready, NotifyState::Status(line)]);
    if let Some(limit) = watchdog_enabled() {
        tokio::spawn(keep_well(server.clone(), limit / 2));
    }
}

/// Notifies systemd that a server stands by, and from then on that it is well, until the task is aborted.
pub(super) fn standing_by(line: &str) -> JoinHandle<()> {
    send_states(&[NotifyState::Ready, NotifyState::Status(line)]);
    tokio::spawn(async {
        let Some(limit) = watchdog_enabled() else { return };
        let mut turns = tokio::time::interval(limit / 2);
        loop {
            turns.tick().await;
            send_states(&[NotifyState::Watchdog]);
        }
    })
}

/// Notifies systemd that the server reads its settings again.
pub(super) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        send_states(&[NotifyState::Reloading, now]);
    }
}

/// Notifies systemd that it has read them.
pub(super) fn reloaded() {
    send_states(&[NotifyState::Ready]);
}

/// Notifies systemd that the server stops.
pub(super) fn stopping() {
    send_states(&[NotifyState::Stopping]);
}

/// Sends the watchdog a sign of life at intervals, as long as nothing is wrong that a restart would fix. Otherwise
/// sends nothing more, so that systemd restarts the service.
async fn keep_well(server: Server, every: std::time::Duration) {
    let mut turns = tokio::time::interval(every);
    loop {
        turns.tick().await;
        let ails = server.ails();
        if ails.is_empty() {
            send_states(&[NotifyState::Watchdog]);
        } else {
            send_states(&[NotifyState::Status(&ails.join("; "))]);
        }
    }
}

fn send_states(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::warn!(%error, "systemd could not be told how the service is");
    }
}
