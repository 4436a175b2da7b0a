//! Empties the trash of a job.

use std::sync::Arc;

use super::Server;
use crate::error::internal;
use headway_model::summary::JobView;
use headway_model::{ApiError, JobId};

impl Server {
    /// Removes the originals in a job's trash for good. Refused while the job runs or another job undoes it.
    pub(super) async fn empty_trash(&self, id: JobId) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if !row.summary.status.is_terminal() {
            return Err(ApiError::Conflict { message: "the job has not ended; cancel it first".into() });
        }
        if let Some(undo) = self.undoing(id).await? {
            return Err(ApiError::Conflict { message: format!("job {} is putting these files back", undo.job) });
        }
        // The job is read before, because retention can remove it as soon as its trash is empty.
        let view = self.job(id).await?;
        let library = self.library_of_job(&row.library).await?;
        let data = Arc::clone(&self.inner.context.data);
        let emptied = tokio::task::spawn_blocking(move || {
            // Before it is emptied: an undo that finds half of it gone must say why.
            data.note_emptied(&id)?;
            library.empty_trash(id)
        });
        let emptied = emptied.await;
        let emptied = emptied.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
        tracing::info!(job.id = %id, files = emptied.files, bytes = emptied.bytes, "a trash was emptied");
        Ok(JobView { trash: (0, 0), trash_left: (0, 0), ..view })
    }
}
