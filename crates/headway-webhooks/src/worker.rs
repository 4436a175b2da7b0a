//! Follows the log for one webhook: from where it went on last, until the server stops or the receiver wants no more.

mod begin;
mod deliver;
mod read;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use headway_server::{Server, now};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Webhook;
use crate::message::test;
use crate::progress::WebhookProgress;
use crate::send::{Delivery, Sender};

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

    /// Waits, and returns whether the server stops meanwhile.
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
