//! Who runs what: kept by renewal, lost with the process.

use std::sync::Arc;
use std::time::Duration;

use super::Running;
use headway_model::Fold;
use headway_store::Store;
use headway_store::rows::{JobRow, LEASE, Lease};

/// The name of this process in leases: never one that another had.
pub fn worker() -> String {
    format!("{}-{}", std::process::id(), crate::now())
}

/// Renews the leases of a process as long as anything runs, three times before they end.
pub(super) async fn renew(store: Arc<dyn Store>, running: Running, worker: String) {
    loop {
        tokio::time::sleep(Duration::from_millis(LEASE / 3)).await;
        if running.is_empty() {
            continue;
        }
        if let Err(error) = store.renew(&worker, crate::now() + LEASE).await {
            // The writer will find the same, and says it to everybody.
            tracing::error!(%error, "leases cannot be renewed");
            return;
        }
    }
}

/// Looks at what the last process held of a job. The data folder is locked, so that process is gone and every lease of it is
/// lost: its items are recovered. A lease and an item that do not agree are said.
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
