//! One connection of a follower: a stream, or a call that waits for news.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;

use crate::Client;
use crate::sse::Decoder;
use headway_model::ApiError;
use headway_model::text::last_cause;

/// Maximum time that one call waits for news.
const WAIT: Duration = Duration::from_secs(30);

/// What the task of a connection reports.
pub(super) enum ConnectionReport {
    Message {
        generation: u64,
        text: String,
        id: String,
    },
    /// The stream ended, or could not be opened.
    Ended {
        generation: u64,
        error: Option<ApiError>,
    },
    Answer {
        generation: u64,
        answer: Result<String, ApiError>,
    },
}

/// Passes on the messages of one stream, then why it ended. Sending fails once the follower is dropped.
pub(super) async fn stream(client: Client, generation: u64, query: String, reporter: mpsc::Sender<ConnectionReport>) {
    let answer = match client.events(&query, None).await {
        Ok(answer) => answer,
        Err(error) => {
            reporter.send(ConnectionReport::Ended { generation, error: Some(error.as_api()) }).await.ok();
            return;
        }
    };
    let (mut bytes, mut decoder) = (answer.bytes_stream(), Decoder::default());
    while let Some(Ok(part)) = bytes.next().await {
        if !decoder.feed(&part) {
            break;
        }
        while let Some(Ok(block)) = decoder.next() {
            let message = ConnectionReport::Message { generation, text: block.text, id: block.id };
            if reporter.send(message).await.is_err() {
                return;
            }
        }
    }
    reporter.send(ConnectionReport::Ended { generation, error: None }).await.ok();
}

/// Makes one call that waits for news.
pub(super) async fn ask(client: Client, generation: u64, query: String, reporter: mpsc::Sender<ConnectionReport>) {
    let answer = async {
        let answer = client.events(&query, Some(WAIT)).await.map_err(|error| error.as_api())?;
        answer.text().await.map_err(|error| ApiError::Unreachable { message: last_cause(&error) })
    };
    let answer = answer.await;
    reporter.send(ConnectionReport::Answer { generation, answer }).await.ok();
}
