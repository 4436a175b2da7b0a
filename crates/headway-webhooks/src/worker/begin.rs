//! Where a webhook resumes after a start: behind its last message, or at the end of the log.

use headway_model::Cursor;
use headway_server::StoreError;

use super::{AGAIN, WebhookWorker};
use crate::progress::WebhookProgress;

/// Why a webhook cannot go on where it was.
#[derive(Debug, thiserror::Error)]
enum BeginError {
    #[error("how far it is cannot be read: {0}")]
    Progress(#[from] std::io::Error),
    #[error("the log cannot be read: {0}")]
    Log(#[from] StoreError),
}

impl WebhookWorker {
    /// Where to go on, as soon as that can be read; `None` if the server stops before. A new beginning instead would lose
    /// messages without a word.
    pub(super) async fn begun(&mut self) -> Option<WebhookProgress> {
        let mut told = String::new();
        loop {
            let why = match self.begin().await {
                Ok(progress) => return Some(progress),
                Err(error) => error.to_string(),
            };
            if why != told {
                tracing::error!(
                    webhook = self.webhook.name,
                    why,
                    "this webhook gets no messages for now; trying again"
                );
                told = why;
            }
            if self.stops_within(AGAIN).await {
                return None;
            }
        }
    }

    /// Where to go on. A new webhook begins at the end of the log.
    async fn begin(&self) -> Result<WebhookProgress, BeginError> {
        let (data, name) = (self.data.clone(), self.webhook.name.clone());
        let read = tokio::task::spawn_blocking(move || WebhookProgress::read(&data, &name)).await;
        let read = read.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
        let head = self.server.log_reader().head().await?;
        let end = head.digest.map_or_else(Cursor::start, |digest| Cursor::at(head.position, &digest));
        let Some(mut progress) = read else {
            let progress = WebhookProgress::from(end);
            self.store(&progress).await;
            return Ok(progress);
        };
        progress.disabled = None;
        let cursor = &progress.cursor;
        let digest = self.server.log_reader().digest_at(cursor.position).await?;
        // A row that was pruned has no digest any more.
        let is_of_this_log = cursor.position <= head.position
            && digest.is_none_or(|digest| cursor.position == 0 || digest.check() == cursor.check);
        if !is_of_this_log {
            tracing::warn!(
                webhook = self.webhook.name,
                "the log is not the one of before; telling what happens from now on"
            );
            (progress.cursor, progress.previous, progress.pending) = (end, None, None);
        }
        Ok(progress)
    }
}
