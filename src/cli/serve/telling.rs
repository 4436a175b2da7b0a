//! The webhooks of a running server: which are told, and how they change.

use std::path::PathBuf;

use futures::future::join_all;
use headway_webhooks::{Sender, Webhook};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use headway_server::Server;

/// What every webhook needs.
pub(super) struct Telling {
    pub(super) server: Server,
    pub(super) data: PathBuf,
    /// Where pages are, without a `/` at its end.
    pub(super) site: String,
    pub(super) sender: Sender,
    pub(super) told: Vec<Told>,
}

/// A webhook that is told what happens.
pub(super) struct Told {
    webhook: Webhook,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Told {
    /// Ends it. It stores how far it is.
    async fn end(self) {
        self.stop.send_replace(true);
        join_all(self.tasks).await;
    }
}

impl Telling {
    /// Tells these webhooks from now on. One that stays as it was goes on; another goes on where it was stopped. Returns
    /// whether anything is different.
    pub(super) async fn tell(&mut self, webhooks: Vec<Webhook>) -> bool {
        let (stay, go): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.told).into_iter().partition(|told| webhooks.contains(&told.webhook));
        self.told = stay;
        let is_other = !go.is_empty() || self.told.len() != webhooks.len();
        // Before another of the same name begins, because both keep how far they are in one file.
        join_all(go.into_iter().map(Told::end)).await;
        for webhook in webhooks {
            if self.told.iter().all(|told| told.webhook != webhook) {
                self.begin(webhook);
            }
        }
        is_other
    }

    fn begin(&mut self, webhook: Webhook) {
        let (stop, stopping) = watch::channel(false);
        let all = vec![webhook.clone()];
        let tasks = headway_webhooks::start(&self.server, &self.data, all, Some(&self.site), &self.sender, &stopping);
        self.told.push(Told { webhook, stop, tasks });
    }

    /// Ends all of them.
    pub(super) async fn end(&mut self) {
        join_all(std::mem::take(&mut self.told).into_iter().map(Told::end)).await;
    }
}
