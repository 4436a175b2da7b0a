//! Reads the log behind the cursor of a webhook, and makes a message of each event that it wants.

use headway_model::id::Position;
use headway_model::item::ItemLabel;
use headway_model::item_filter::ItemFilter;
use headway_model::summary::ItemView;
use headway_model::{ApiError, Cursor, JobSummary};
use headway_server::StoreError;

use super::{WebhookWorker, WorkerEnd};
use crate::message::{Happened, WebhookEvent, wanted};
use crate::progress::WebhookProgress;

/// How many events are read at once.
const EVENTS_PER_READ: u32 = 500;

/// How many failed files a message lists.
const FAILED_LIMIT: u32 = 20;

impl WebhookWorker {
    /// Sends everything up to this position.
    pub(super) async fn catch_up(
        &mut self,
        progress: &mut WebhookProgress,
        up_to: Position,
    ) -> Result<Option<WorkerEnd>, StoreError> {
        let log = self.server.log_reader();
        loop {
            let rows = log.events_after(progress.cursor.position, up_to, EVENTS_PER_READ).await?;
            let is_end = rows.len() < EVENTS_PER_READ as usize;
            for row in rows {
                let cursor = Cursor::at(row.position, &row.digest);
                let Some((kind, at)) = wanted(&row.payload, &self.webhook.events) else {
                    progress.cursor = cursor;
                    continue;
                };
                let now = log.summary(row.job).await?;
                let failed = match (&now, kind) {
                    (Some(now), WebhookEvent::Ended) => self.failed(now).await?,
                    _ => Vec::new(),
                };
                // Until its list is complete, a job has not found nothing.
                let note = match (&now, kind) {
                    (Some(now), WebhookEvent::Planned | WebhookEvent::Ended) => log.nothing_found(now).await?,
                    _ => None,
                };
                let happened = Happened {
                    kind,
                    job: row.job,
                    seq: row.seq,
                    at,
                    payload: &row.payload,
                    cursor: &cursor,
                    previous: progress.previous.as_deref(),
                    now: now.as_ref(),
                    failed: &failed,
                    note: note.as_deref(),
                    site: self.site.as_deref(),
                };
                let message = happened.message().map_err(|error| StoreError::new(error.to_string()))?;
                if let Some(end) = self.deliver(progress, message, cursor).await {
                    return Ok(Some(end));
                }
            }
            if is_end {
                return Ok(None);
            }
        }
    }

    /// The first files that failed; none if their job's history was removed.
    async fn failed(&self, job: &JobSummary) -> Result<Vec<ItemView>, StoreError> {
        let filter = ItemFilter { status: Some(ItemLabel::Failed.into()), ..ItemFilter::default() };
        match self.server.items(job.job, None, FAILED_LIMIT, &filter).await {
            Ok(page) => Ok(page.items),
            Err(ApiError::NotFound { .. } | ApiError::Pruned { .. }) => Ok(Vec::new()),
            Err(error) => Err(StoreError::new(error.to_string())),
        }
    }
}
