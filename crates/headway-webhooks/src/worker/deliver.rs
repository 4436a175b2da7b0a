//! Sends one message again and again until it is delivered, given up, or no longer wanted.

use headway_model::Cursor;
use headway_server::now;

use super::{WebhookWorker, WorkerEnd};
use crate::message::WebhookMessage;
use crate::progress::{GaveUp, Pending, WebhookProgress};
use crate::retries;
use crate::send::Delivery;

impl WebhookWorker {
    /// Sends a message until it is delivered or given up.
    pub(super) async fn deliver(
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
}

/// A number in 0..1.
fn chance() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_u64_pair().0 as u32) / f64::from(u32::MAX)
}
