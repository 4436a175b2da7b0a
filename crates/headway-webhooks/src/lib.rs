//! Tells other programs what happens to jobs: messages by the Standard Webhooks form
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), to a URL or to a
//! program.
//!
//! There is no queue that could lose a message. A webhook is a cursor over the log, stored durably: each event after it
//! that the webhook wants is sent until it is delivered, in the order of the log. A message can come twice, with the
//! same id, if the server dies between a delivery and the storing of the cursor.

mod config;
mod message;
mod progress;
mod retries;
mod secret;
mod send;
mod worker;

pub use config::{Webhook, WebhookTarget, read};
pub use message::WebhookEvent;
pub use progress::{GaveUp, Pending, WebhookProgress};
pub use secret::{Secret, generate};
pub use send::{Delivery, Sender};
pub use worker::{send_test, start};
