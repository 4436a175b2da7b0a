//! Reading the log from outside this crate, as webhooks do.

use std::sync::Arc;

use headway_model::id::Position;
use headway_model::{Digest, JobId, JobSummary, StartJob};
use headway_store::rows::EventRow;
use headway_store::{Head, Store, StoreError};

use super::Server;
use crate::nothing_found::nothing_found;

/// Reads the log, and nothing else. Cheap to clone.
#[derive(Clone)]
pub struct LogReader(Arc<dyn Store>);

impl Server {
    /// A reader of the log.
    pub fn log_reader(&self) -> LogReader {
        LogReader(Arc::clone(self.store()))
    }
}

impl LogReader {
    /// The head of the log.
    pub async fn head(&self) -> Result<Head, StoreError> {
        self.0.head().await
    }

    /// The digest of the event at this position; `None` if there is none any more.
    pub async fn digest_at(&self, position: Position) -> Result<Option<Digest>, StoreError> {
        self.0.digest_at(position).await
    }

    /// At most `limit` events of all jobs, in order: those after one position, up to and including another.
    pub async fn events_after(
        &self,
        position: Position,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.0.events(&[], position, up_to, limit).await
    }

    /// A job as it is now; `None` if the log does not know it.
    pub async fn summary(&self, job: JobId) -> Result<Option<JobSummary>, StoreError> {
        Ok(self.0.job(job).await?.map(|row| row.summary))
    }

    /// What to say of this job if its plan found no file; `None` for any other.
    pub async fn nothing_found(&self, summary: &JobSummary) -> Result<Option<String>, StoreError> {
        let Some(row) = self.0.job(summary.job).await? else { return Ok(None) };
        let request = self.0.request(row.job_no).await?;
        // The page of the job reports a request that cannot be read.
        let request = request.and_then(|text| serde_json::from_str::<StartJob>(&text).ok());
        Ok(request.and_then(|request| nothing_found(summary, &request.query)))
    }
}
