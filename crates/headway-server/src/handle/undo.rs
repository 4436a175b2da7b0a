//! Starts an undo of a job, and finds those that were started.

use std::collections::BTreeMap;

use tokio::sync::MutexGuard;

use super::{Server, Started};
use crate::error::internal;
use crate::placements::{Changes, unclear};
use headway_model::request::{ItemSelection, ItemsQuery, Query};
use headway_model::summary::JobView;
use headway_model::{ApiError, EndReason, JobId, JobStatus, JobSummary, StartJob};
use headway_store::JobFilter;
use headway_store::rows::JobRow;

impl Server {
    /// Starts the job `new`, which puts back the originals that `id` replaced and removes the files that it made.
    pub async fn undo(&self, id: JobId, new: JobId) -> Result<(Started, JobView), ApiError> {
        let row = self.row(id).await?;
        let of = (row.summary.recipe.as_str(), row.summary.title.as_str());
        self.start_job(new, &StartJob::undo(&row.library, id, of)).await
    }

    /// Refuses a request that is a second undo of a job: the first one, even if it waits, puts everything back, or has done so. While the
    /// caller holds what this returns, no other undo is started.
    pub(super) async fn only_undo(
        &self,
        id: JobId,
        request: &StartJob,
    ) -> Result<Option<MutexGuard<'_, ()>>, ApiError> {
        let Query::Items(ItemsQuery { job, which: ItemSelection::Placed }) = &request.query else { return Ok(None) };
        let alone = self.inner.undo_starts.lock().await;
        // Two calls can start the same job.
        let Some(undo) = self.undone(*job).await?.filter(|undo| undo.job != id) else { return Ok(Some(alone)) };
        let by = undo.job;
        let message = if !undo.status.is_terminal() {
            let status = undo.status.text();
            format!("job {by} is already undoing {job} ({status}); resume or cancel it first. Nothing was started.")
        } else if undo.undid_all() && self.undone(by).await?.is_none() && !self.left_folders(*job, by).await? {
            format!("job {job} was already undone by job {by}. Nothing was started.")
        } else {
            // Something is left to put back or to remove, or the undo was taken back itself.
            return Ok(Some(alone));
        };
        Err(ApiError::Conflict { message })
    }

    /// Whether the last step of this undo of a job, which removes the folders that the job made, failed, and no later undo has
    /// made up for that.
    async fn left_folders(&self, job: JobId, undo: JobId) -> Result<bool, ApiError> {
        let rows = self.store().jobs(JobFilter::Undoing(job), u32::MAX).await?;
        let Some(of) = rows.iter().find(|row| row.summary.job == undo) else { return Ok(false) };
        let is_made_up = |row: &JobRow| row.job_no > of.job_no && row.summary.status == JobStatus::Completed;
        let has_failed = of.summary.status == JobStatus::Failed { reason: EndReason::Finish };
        Ok(has_failed && !rows.iter().any(is_made_up))
    }

    /// Refuses to undo a job that changed no file. A change that was left unclear might have been made.
    pub(super) async fn undoes_something(&self, request: &StartJob) -> Result<(), ApiError> {
        let Query::Items(ItemsQuery { job, which: ItemSelection::Placed }) = &request.query else { return Ok(()) };
        let (store, job_no) = (&**self.store(), self.row(*job).await?.job_no);
        let Changes { made, mut open, .. } = Changes::read(store, job_no).await.map_err(|error| internal(&error))?;
        if !made.is_empty() || !unclear(store, job_no, &mut open).await?.is_empty() {
            return Ok(());
        }
        let message = format!("job {job} changed no file, so there is nothing to undo; nothing was begun");
        Err(ApiError::Conflict { message })
    }

    /// The job that is undoing this one, if any.
    pub(super) async fn undoing(&self, id: JobId) -> Result<Option<JobSummary>, ApiError> {
        Ok(self.undone(id).await?.filter(|undo| !undo.status.is_terminal()))
    }

    /// The job that is undoing this one, or else the last one that undid any of it.
    pub(super) async fn undone(&self, id: JobId) -> Result<Option<JobSummary>, ApiError> {
        let rows = self.store().jobs(JobFilter::Undoing(id), u32::MAX).await?;
        Ok(last(rows.into_iter().map(|row| row.summary)))
    }

    /// Reports for each of these jobs how far it was undone. `oldest` is a job that was created before all the others, if
    /// there is one.
    pub(super) async fn say_undone(&self, jobs: &mut [JobSummary], oldest: Option<JobId>) -> Result<(), ApiError> {
        let undone = self.undone_jobs(oldest).await?;
        for job in jobs {
            job.undone_as = undone.get(&job.job).map(|word| (*word).to_owned());
        }
        Ok(())
    }

    /// Every job that was undone by a job created after `oldest`, with the word for how far.
    pub(super) async fn undone_jobs(&self, oldest: Option<JobId>) -> Result<BTreeMap<JobId, &'static str>, ApiError> {
        let mut undos: BTreeMap<JobId, Vec<JobSummary>> = BTreeMap::new();
        for row in self.store().jobs(JobFilter::Undos(oldest), u32::MAX).await? {
            if let Some(undone) = row.head.parent() {
                undos.entry(undone).or_default().push(row.summary);
            }
        }
        let last = undos.into_iter().filter_map(|(job, undos)| Some((job, last(undos.into_iter())?.undoing_word())));
        Ok(last.collect())
    }
}

/// The undo under way, or else the last one that put anything back, of the undos of one job, newest first.
fn last(undos: impl Iterator<Item = JobSummary>) -> Option<JobSummary> {
    let undoes = |undo: &JobSummary| !undo.status.is_terminal() || undo.counters.succeeded > 0;
    undos.filter(undoes).min_by_key(|undo| undo.status.is_terminal())
}
