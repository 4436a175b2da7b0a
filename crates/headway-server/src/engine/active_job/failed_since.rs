//! The jobs that might have left files half changed after a job was created, so that its plan could not know.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::super::Context;
use super::super::known_names::known_names;
use super::ActiveJob;
use headway_files::KnownAs;
use headway_model::Position;
use headway_recipes::Unable;
use headway_store::JobFilter;

/// What is known of them.
pub(super) struct FailedSince {
    /// The position of the event that created the job.
    created: Position,
    /// With the count of conflicts when the log was asked.
    known: Mutex<Option<(u64, Option<FailedJobs>)>>,
}

/// Other jobs that have failed items.
#[derive(Clone)]
pub(in crate::engine) struct FailedJobs {
    /// Their numbers.
    pub(in crate::engine) numbers: Arc<BTreeSet<u64>>,
    /// The names that jobs gave the library by then.
    pub(in crate::engine) names: Arc<[KnownAs]>,
}

impl FailedSince {
    /// Of a job that was created at this position. The log is not asked yet.
    pub(super) fn since(created: Position) -> Self {
        FailedSince { created, known: Mutex::default() }
    }
}

impl ActiveJob {
    /// The other jobs that have failed items and got further after this one was created; `None` if there are none. The log is asked
    /// once, and again after each conflict.
    pub(in crate::engine) async fn failed_since(&self, context: &Context) -> Result<Option<FailedJobs>, Unable> {
        let mut known = self.failed_since.known.lock().await;
        // Counted first: a conflict that is recorded in the meantime is asked about the next time.
        let count = context.conflicts.count();
        if let Some((at, failed)) = &*known
            && *at == count
        {
            return Ok(failed.clone());
        }
        let rows = context.store.jobs(JobFilter::ChangedAfter(self.failed_since.created), u32::MAX).await?;
        let others = rows.iter().filter(|row| row.job_no != self.job_no && row.summary.counters.failed > 0);
        let numbers: BTreeSet<_> = others.map(|row| row.job_no).collect();
        let failed = match numbers.is_empty() {
            true => None,
            false => Some(FailedJobs { numbers: Arc::new(numbers), names: known_names(context, &self.library).await? }),
        };
        *known = Some((count, failed.clone()));
        Ok(failed)
    }
}
