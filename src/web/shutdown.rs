//! When to stop: ctrl-c, or TERM.

use tokio::signal::unix::{SignalKind, signal as on};

/// Ready once the process is told to stop.
pub async fn signal() {
    let terminate = async {
        match on(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(error) => {
                tracing::warn!(%error, "TERM will end the process at once");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
    tracing::info!("stopping: no new items start, streams end");
}
