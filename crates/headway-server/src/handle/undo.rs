//! Starts an undo of a job, and finds those that were started.

use super::{Server, Started};
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId, JobSummary, StartJob};
use headway_store::JobFilter;

impl Server {
    /// Starts the job `new`, which puts back the originals that `id` replaced and removes the files that it made.
    pub async fn undo(&self, id: JobId, new: JobId) -> Result<(Started, JobView), ApiError> {
        let row = self.row(id).await?;
        self.start_job(new, &StartJob::undo(&row.library, id, &row.summary.title)).await
    }

    /// The job that is undoing this one, if any.
    pub(super) async fn undoing(&self, id: JobId) -> Result<Option<JobId>, ApiError> {
        let undone = self.undone(id).await?;
        Ok(undone.filter(|undo| !undo.status.is_terminal()).map(|undo| undo.job))
    }

    /// The job that is undoing this one, or else the last one that undid any of it.
    pub(super) async fn undone(&self, id: JobId) -> Result<Option<JobSummary>, ApiError> {
        let rows = self.store().jobs(JobFilter::Undoing(id), u32::MAX).await?;
        let undoes = |undo: &JobSummary| !undo.status.is_terminal() || undo.counters.succeeded > 0;
        let undos = rows.into_iter().map(|row| row.summary).filter(undoes);
        Ok(undos.min_by_key(|undo| undo.status.is_terminal()))
    }
}
