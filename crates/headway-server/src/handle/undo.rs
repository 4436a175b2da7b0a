//! Starts an undo of a job, and finds those that were started.

use tokio::sync::MutexGuard;

use super::{Server, Started};
use headway_model::request::{ItemSelection, ItemsQuery, Query};
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, JobSummary, StartJob};
use headway_store::JobFilter;

impl Server {
    /// Starts the job `new`, which puts back the originals that `id` replaced and removes the files that it made.
    pub async fn undo(&self, id: JobId, new: JobId) -> Result<(Started, JobView), ApiError> {
        let row = self.row(id).await?;
        self.start_job(new, &StartJob::undo(&row.library, id, &row.summary.title)).await
    }

    /// Refuses a request that is a second undo of a job: the first one, even if it waits, puts everything back. While the
    /// caller holds what this returns, no other undo is started.
    pub(super) async fn only_undo(
        &self,
        id: JobId,
        request: &StartJob,
    ) -> Result<Option<MutexGuard<'_, ()>>, ApiError> {
        let Query::Items(ItemsQuery { job, which: ItemSelection::Placed }) = &request.query else { return Ok(None) };
        let alone = self.inner.undo_starts.lock().await;
        // Two calls can start the same job.
        match self.undoing(*job).await?.filter(|undo| undo.job != id) {
            None => Ok(Some(alone)),
            Some(undo) => {
                let (undo, status) = (undo.job, undo.status.text());
                let message = format!(
                    "job {undo} undoes job {job} already and is {status}: resume it, or cancel it first; nothing was begun"
                );
                Err(ApiError::Conflict { message })
            }
        }
    }

    /// The job that is undoing this one, if any.
    pub(super) async fn undoing(&self, id: JobId) -> Result<Option<JobSummary>, ApiError> {
        Ok(self.undone(id).await?.filter(|undo| !undo.status.is_terminal()))
    }

    /// The job that is undoing this one, or else the last one that undid any of it.
    pub(super) async fn undone(&self, id: JobId) -> Result<Option<JobSummary>, ApiError> {
        let rows = self.store().jobs(JobFilter::Undoing(id), u32::MAX).await?;
        let undoes = |undo: &JobSummary| !undo.status.is_terminal() || undo.counters.succeeded > 0;
        let undos = rows.into_iter().map(|row| row.summary).filter(undoes);
        Ok(undos.min_by_key(|undo| undo.status.is_terminal()))
    }
}
