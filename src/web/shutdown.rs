//! The signals to stop: ctrl-c or TERM.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal as on};

/// Starts listening at once; the future is ready once the process is asked to stop.
pub fn signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = on(SignalKind::interrupt())?;
    let mut terminate = on(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: no new items start, streams end");
    })
}
