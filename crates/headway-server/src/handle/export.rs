//! A job's log, as a file or page by page.

use futures::{Stream, StreamExt, stream};

use super::Server;
use crate::error::internal;
use headway_model::event::Payload;
use headway_model::export::{ExportLine, ExportReport};
use headway_model::history::{HISTORY_PAGE, HistoryPage};
use headway_model::{ApiError, JobId, Position};
use headway_store::StoreError;
use headway_store::rows::EventRow;

/// Events read at a time.
const EVENTS_PER_READ: u32 = 500;

impl Server {
    /// A job's events after a position, at most [`HISTORY_PAGE`] of them, without their details.
    pub async fn history(&self, id: JobId, after: Option<Position>) -> Result<HistoryPage, ApiError> {
        let row = self.row(id).await?;
        let rows = self.store().history(row.job_no, after.unwrap_or(0), HISTORY_PAGE).await?;
        let is_full = rows.len() == HISTORY_PAGE as usize;
        let next = rows.last().map(|row| row.position).or(after);
        let payload = |row: EventRow| Payload::from(row.payload);
        let events = rows.into_iter().map(payload).collect();
        Ok(HistoryPage { events, next, is_full })
    }

    /// The lines of a job's log, a page at a time: its report at this moment, then the events that lead to it.
    pub async fn export(
        &self,
        id: JobId,
    ) -> Result<impl Stream<Item = Result<String, StoreError>> + Send + 'static, ApiError> {
        let row = self.row(id).await?;
        let (_, folds) = self.store().folds(&[id]).await?;
        let fold = folds.into_iter().next().ok_or_else(|| internal(&"a job has no fold"))?;
        let last = fold.seq;
        let first = serde_json::to_string(&ExportReport::of(&fold)).map_err(|error| internal(&error))?;
        let store = self.store().clone();
        let pages = stream::try_unfold(0, move |after| {
            let store = store.clone();
            async move {
                let rows = store.history(row.job_no, after, EVENTS_PER_READ).await?;
                let rows: Vec<_> = rows.into_iter().filter(|row| row.seq <= last).collect();
                let Some(next) = rows.last().map(|row| row.position) else { return Ok(None) };
                let mut text = String::new();
                for row in rows {
                    let line = ExportLine { payload: row.payload, detail: row.detail };
                    text.push_str(&serde_json::to_string(&line).map_err(|error| StoreError::new(error.to_string()))?);
                    text.push('\n');
                }
                Ok(Some((text, next)))
            }
        });
        Ok(stream::once(async move { Ok(format!("{first}\n")) }).chain(pages))
    }
}
