//! Leases: which process runs an item. Kept by renewal, lost with the process.

use std::sync::Arc;
use std::time::Duration;

use super::RunningAttempts;
use headway_model::Fold;
use headway_store::Store;
use headway_store::rows::{JobRow, LEASE, Lease};

/// This process's name in leases. No other process ever had it.
pub(crate) fn worker() -> String {
    format!("{}-{}", std::process::id(), crate::now())
}

/// Renews this process's leases while anything runs, three times within the life of a lease.
pub(super) async fn renew(store: Arc<dyn Store>, running: RunningAttempts, worker: String) {
    loop {
        tokio::time::sleep(Duration::from_millis(LEASE / 3)).await;
        if running.is_empty() {
            continue;
        }
        if let Err(error) = store.renew(&worker, crate::now() + LEASE).await {
            // The writer will meet the same error and report it to everyone.
            tracing::error!(%error, "leases cannot be renewed");
            return;
        }
    }
}

/// Logs the leases that the last process had on a job. The data folder is locked, so that process is gone and all its
/// leases are lost; its items are recovered elsewhere. An item without a matching lease is logged as a warning.
pub(super) fn lost(leases: &[Lease], row: &JobRow, fold: &Fold) {
    let running = fold.items().filter(|(_, status)| status.is_running()).map(|(item, _)| item);
    for item in running {
        let attempt = fold.last_attempt(item);
        match leases.iter().find(|lease| (lease.job_no, lease.item) == (row.job_no, item)) {
            Some(lease) if lease.attempt == attempt => {
                tracing::info!(job.id = %fold.id, item, attempt, worker = lease.worker, "a lease was lost with its process");
            }
            _ => tracing::warn!(job.id = %fold.id, item, attempt, "an item ran without a lease"),
        }
    }
}
