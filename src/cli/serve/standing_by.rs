//! A server that stands by: it answers while it waits for its turn.

use std::net::SocketAddr;
use std::os::fd::AsFd;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::base::Base;
use crate::cli::{out, systemd};
use crate::web::{self, Access, ConnectionLimits};
use headway_server::config::Standby;

/// The answers of a server that stands by. They end when this is dropped.
pub(super) struct StandingBy {
    stop: watch::Sender<bool>,
    well: JoinHandle<()>,
}

impl StandingBy {
    /// Begins to answer. Connections that arrive between the last of these answers and the first of the server wait.
    pub(super) fn begin(
        listener: &TcpListener,
        standby: Standby,
        (access, base): (Access, Base),
        limits: ConnectionLimits,
        bound: SocketAddr,
    ) -> anyhow::Result<Self> {
        let socket = listener.as_fd().try_clone_to_owned().context("cannot listen while standing by")?;
        let listener = TcpListener::from_std(socket.into()).context("cannot listen while standing by")?;
        let line = format!("Headway stands by at http://{bound}{base}/ and takes over by itself");
        if let Err(failure) = out::line(&line) {
            tracing::warn!(why = failure.text, "nobody reads that the server stands by");
        }
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(web::stand_by(listener, standby, (access, base), limits, stopping));
        Ok(StandingBy { stop, well: systemd::standing_by(&line) })
    }
}

impl Drop for StandingBy {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.well.abort();
    }
}
