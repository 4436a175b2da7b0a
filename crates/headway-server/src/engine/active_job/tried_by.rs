//! The jobs that tried some of a plan's files first, while the plan waited for its approval.

use super::super::Context;
use super::ActiveJob;
use headway_model::JobId;
use headway_recipes::Unable;
use headway_store::JobFilter;
use headway_store::rows::JobRow;

/// Such a job, with the store's number for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct TrialJob {
    /// The number.
    pub(in crate::engine) job_no: u64,
    /// The job.
    pub(in crate::engine) job: JobId,
}

impl ActiveJob {
    /// The jobs that did the same work for some of its files while its plan waited; none for a job whose plan waited for nobody.
    /// The log is asked once, after the approval, which waits until they are over.
    pub(in crate::engine) async fn tried_by(&self, context: &Context) -> Result<&[TrialJob], Unable> {
        let read = async || -> Result<Vec<TrialJob>, Unable> {
            if !self.request.approval || self.undoes().is_some() {
                return Ok(Vec::new());
            }
            let rows = context.store.jobs(JobFilter::Retrying(self.job), u32::MAX).await?;
            let did_the_same = |row: &JobRow| {
                row.summary.status.is_terminal()
                    && row.work == self.identity
                    && row.summary.recipe == self.request.recipe
                    && row.library == self.request.library
            };
            let trial = |row: JobRow| TrialJob { job_no: row.job_no, job: row.summary.job };
            Ok(rows.into_iter().filter(did_the_same).map(trial).collect())
        };
        self.tried_by.get_or_try_init(read).await.map(Vec::as_slice)
    }
}
