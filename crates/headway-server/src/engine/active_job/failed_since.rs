//! The jobs that might have left files half changed after a job was created, so that its plan could not know.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::super::Context;
use super::ActiveJob;
use headway_model::Position;
use headway_recipes::Unable;
use headway_store::JobFilter;

/// What is known of them.
pub(super) struct FailedSince {
    /// The position of the event that created the job.
    created: Position,
    /// By their numbers, with the count of conflicts when the log was asked.
    known: Mutex<Option<(u64, Arc<BTreeSet<u64>>)>>,
}

impl FailedSince {
    /// Of a job that was created at this position. The log is not asked yet.
    pub(super) fn since(created: Position) -> Self {
        FailedSince { created, known: Mutex::default() }
    }
}

impl ActiveJob {
    /// The numbers of the other jobs that have failed items and got further after this one was created. The log is asked once, and
    /// again after each conflict.
    pub(in crate::engine) async fn failed_since(&self, context: &Context) -> Result<Arc<BTreeSet<u64>>, Unable> {
        let mut known = self.failed_since.known.lock().await;
        // Counted first: a conflict that is recorded in the meantime is asked about the next time.
        let count = context.conflicts.count();
        if let Some((at, failed)) = &*known
            && *at == count
        {
            return Ok(Arc::clone(failed));
        }
        let rows = context.store.jobs(JobFilter::ChangedAfter(self.failed_since.created), u32::MAX).await?;
        let others = rows.iter().filter(|row| row.job_no != self.job_no && row.summary.counters.failed > 0);
        let failed: Arc<BTreeSet<_>> = Arc::new(others.map(|row| row.job_no).collect());
        *known = Some((count, Arc::clone(&failed)));
        Ok(failed)
    }
}
