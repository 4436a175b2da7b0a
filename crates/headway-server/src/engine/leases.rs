//! Leases: which process runs an item. Kept by renewal, lost with the process.

use std::sync::Arc;
use std::time::Duration;

use super::RunningAttempts;
use headway_model::{Fold, Millis};
use headway_store::Store;
use headway_store::rows::{LEASE, Lease};

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

/// Logs the leases that the last process held on a job. The data folder is locked, so that process is gone and all its leases are
/// lost; its items are recovered elsewhere. An item without a matching lease is logged as a warning. Returns when the process last
/// renewed one of them, which is the last that is known of it.
pub(super) fn lost(leases: &[Lease], job_no: u64, fold: &Fold) -> Option<Millis> {
    let mut alive: Option<Millis> = None;
    let running = fold.items().filter(|(_, status)| status.is_running()).map(|(item, _)| item);
    for item in running {
        let attempt = fold.last_attempt(item);
        match leases.iter().find(|lease| (lease.job_no, lease.item) == (job_no, item)) {
            Some(lease) if lease.attempt == attempt => {
                tracing::info!(job.id = %fold.id, item, attempt, worker = lease.worker, "a lease was lost with its process");
                alive = alive.max(Some(lease.until.saturating_sub(LEASE)));
            }
            _ => tracing::warn!(job.id = %fold.id, item, attempt, "an item ran without a lease"),
        }
    }
    alive
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::event::JobEvent;
    use headway_model::testing::{created, job_id, planned, record};

    #[test]
    fn the_last_sign_of_life_is_the_last_renewal_of_a_lease_of_what_ran() {
        let started = |item| JobEvent::Started { item, attempt: 1 };
        let end = JobEvent::PlanEnded { total: 3, reruns: Default::default() };
        let (_, fold) = record(&[created(job_id(1)), planned(0, 3), end, JobEvent::Began {}, started(0), started(1)]);
        let lease = |job_no, item, attempt, renewed: Millis| Lease {
            job_no,
            item,
            attempt,
            worker: "w".into(),
            until: renewed + LEASE,
        };
        assert_eq!(lost(&[], 7, &fold), None);
        let leases = [lease(7, 0, 1, 50_000), lease(7, 1, 1, 60_000), lease(7, 2, 1, 90_000), lease(8, 0, 1, 95_000)];
        assert_eq!(lost(&leases, 7, &fold), Some(60_000));
        assert_eq!(lost(&[lease(7, 0, 2, 99_000)], 7, &fold), None, "of another attempt");
    }
}
