//! Follows the log for one webhook.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use headway_model::id::Position;
use headway_model::item::ItemLabel;
use headway_model::item_filter::ItemFilter;
use headway_model::summary::ItemView;
use headway_model::{ApiError, Cursor, JobSummary};
use headway_server::{Server, StoreError, now};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Webhook;
use crate::message::{Happened, WebhookEvent, WebhookMessage, test, wanted};
use crate::progress::{GaveUp, Pending, WebhookProgress};
use crate::retries;
use crate::send::{Delivery, Sender};

/// How many events are read at once.
const EVENTS_PER_READ: u32 = 500;

/// How many failed files a message lists.
const FAILED: u32 = 20;

/// How often the cursor is stored while nothing is sent.
const STORE_EVERY: Duration = Duration::from_secs(30);

/// How long to wait before the log is read again after it could not be read.
const AGAIN: Duration = Duration::from_secs(5);

/// Starts to send these webhooks what happens from now on, or since their last message. They end after `stopping`
/// holds `true`. `site` is where pages are, without a `/` at its end.
pub fn start(
    server: &Server,
    data: &Path,
    webhooks: Vec<Webhook>,
    site: Option<&str>,
    sender: &Sender,
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let worker = |webhook: Webhook| WebhookWorker {
        server: server.clone(),
        data: data.to_owned(),
        webhook,
        site: site.map(ToOwned::to_owned),
        sender: sender.clone(),
        stopping: stopping.clone(),
    };
    webhooks.into_iter().map(|webhook| tokio::spawn(worker(webhook).run())).collect()
}

/// Sends a test message, once.
pub async fn send_test(webhook: &Webhook, sender: &Sender) -> Delivery {
    let now = now();
    sender.send(&webhook.target, &test(now), now / 1_000).await
}

struct WebhookWorker {
    server: Server,
    data: PathBuf,
    webhook: Webhook,
    site: Option<String>,
    sender: Sender,
    stopping: watch::Receiver<bool>,
}

/// Why nothing more is sent.
enum WorkerEnd {
    /// The server stops.
    Stopped,
    /// The receiver wants nothing more.
    Disabled,
}

/// Why a webhook cannot go on where it was.
#[derive(Debug, thiserror::Error)]
enum BeginError {
    #[error("how far it is cannot be read: {0}")]
    Progress(#[from] std::io::Error),
    #[error("the log cannot be read: {0}")]
    Log(#[from] StoreError),
}

impl WebhookWorker {
    async fn run(mut self) {
        let Some(mut progress) = self.begun().await else { return };
        let mut head = self.server.head();
        let mut stored = Instant::now();
        loop {
            let up_to = head.borrow_and_update().position;
            match self.catch_up(&mut progress, up_to).await {
                Ok(None) => {}
                Ok(Some(WorkerEnd::Disabled)) => return,
                Ok(Some(WorkerEnd::Stopped)) => break,
                Err(error) => {
                    tracing::warn!(webhook = self.webhook.name, %error, "the log cannot be read; trying again");
                    if self.stops_within(AGAIN).await {
                        break;
                    }
                    continue;
                }
            }
            if stored.elapsed() >= STORE_EVERY {
                self.store(&progress).await;
                stored = Instant::now();
            }
            tokio::select! {
                moved = head.changed() => if moved.is_err() { break },
                _ = self.stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        self.store(&progress).await;
    }

    /// Where to go on, as soon as that can be read; `None` if the server stops before. A new beginning instead would lose
    /// messages without a word.
    async fn begun(&mut self) -> Option<WebhookProgress> {
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

    /// Sends everything up to this position.
    async fn catch_up(
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
        match self.server.items(job.job, None, FAILED, &filter).await {
            Ok(page) => Ok(page.items),
            Err(ApiError::NotFound { .. } | ApiError::Pruned { .. }) => Ok(Vec::new()),
            Err(error) => Err(StoreError::new(error.to_string())),
        }
    }

    /// Sends a message until it is delivered or given up.
    async fn deliver(
        &mut self,
        progress: &mut WebhookProgress,
        message: WebhookMessage,
        cursor: Cursor,
    ) -> Option<WorkerEnd> {
        let known = progress.pending.clone().filter(|pending| pending.id == message.id);
        let (mut attempts, since) = known.map_or_else(|| (0, now()), |pending| (pending.attempts, pending.since));
        loop {
            let outcome = tokio::select! {
                outcome = self.sender.send(&self.webhook.target, &message, now() / 1_000) => outcome,
                _ = self.stopping.wait_for(|stopping| *stopping) => return Some(WorkerEnd::Stopped),
            };
            let (why, after) = match outcome {
                Delivery::Delivered => {
                    progress.passed(message.id, cursor, None);
                    self.store(progress).await;
                    return None;
                }
                Delivery::Gone(why) => {
                    tracing::warn!(
                        webhook = self.webhook.name,
                        why,
                        "the receiver wants no more messages; it is told nothing until the next start"
                    );
                    progress.disabled = Some(why);
                    self.store(progress).await;
                    return Some(WorkerEnd::Disabled);
                }
                Delivery::Failed { why, after } => (why, after),
            };
            attempts += 1;
            tracing::warn!(
                webhook = self.webhook.name,
                message = message.id,
                attempts,
                why,
                "a message was not delivered"
            );
            let Some(pause) = retries::pause(attempts, after, chance()) else {
                tracing::error!(webhook = self.webhook.name, message = message.id, "a message is given up");
                let gave_up = GaveUp { id: message.id.clone(), at: now(), why };
                progress.passed(message.id, cursor, Some(gave_up));
                self.store(progress).await;
                return None;
            };
            progress.pending = Some(Pending { id: message.id.clone(), attempts, since, why });
            self.store(progress).await;
            if self.stops_within(pause).await {
                return Some(WorkerEnd::Stopped);
            }
        }
    }

    /// Waits, and tells whether the server stops meanwhile.
    async fn stops_within(&mut self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.stopping.wait_for(|stopping| *stopping)).await.is_ok()
    }

    /// Stores the progress. Without it, a message comes twice after a restart, and none is lost.
    async fn store(&self, progress: &WebhookProgress) {
        let (data, name, progress) = (self.data.clone(), self.webhook.name.clone(), progress.clone());
        let stored = tokio::task::spawn_blocking(move || progress.store(&data, &name)).await;
        if let Err(error) = stored.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            tracing::warn!(webhook = self.webhook.name, %error, "how far this webhook is could not be stored");
        }
    }
}

/// A number in 0..1.
fn chance() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_u64_pair().0 as u32) / f64::from(u32::MAX)
}
