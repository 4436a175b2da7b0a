//! The webhooks of a running server: which get messages, and how they change.

use std::path::PathBuf;

use futures::future::join_all;
use headway_webhooks::{Sender, Webhook};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use headway_server::Server;

/// What every webhook needs.
pub(super) struct RunningWebhooks {
    pub(super) server: Server,
    pub(super) data: PathBuf,
    /// Where pages are, without a `/` at its end.
    pub(super) site: String,
    pub(super) sender: Sender,
    pub(super) running: Vec<RunningWebhook>,
}

/// A webhook that gets messages.
pub(super) struct RunningWebhook {
    webhook: Webhook,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl RunningWebhook {
    /// Ends it. It stores how far it is.
    async fn end(self) {
        self.stop.send_replace(true);
        join_all(self.tasks).await;
    }
}

impl RunningWebhooks {
    /// Tells these webhooks from now on. One that stays as it was goes on; another goes on where it was stopped. Returns
    /// whether anything is different.
    pub(super) async fn replace(&mut self, webhooks: Vec<Webhook>) -> bool {
        let (stay, go): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.running).into_iter().partition(|one| webhooks.contains(&one.webhook));
        self.running = stay;
        let is_other = !go.is_empty() || self.running.len() != webhooks.len();
        // Before another of the same name begins, because both keep how far they are in one file.
        join_all(go.into_iter().map(RunningWebhook::end)).await;
        for webhook in webhooks {
            if self.running.iter().all(|one| one.webhook != webhook) {
                self.begin(webhook);
            }
        }
        is_other
    }

    fn begin(&mut self, webhook: Webhook) {
        let (stop, stopping) = watch::channel(false);
        let all = vec![webhook.clone()];
        let tasks = headway_webhooks::start(&self.server, &self.data, all, Some(&self.site), &self.sender, &stopping);
        self.running.push(RunningWebhook { webhook, stop, tasks });
    }

    /// Ends all of them.
    pub(super) async fn end(&mut self) {
        join_all(std::mem::take(&mut self.running).into_iter().map(RunningWebhook::end)).await;
    }
}
