//! One reader: drives the state machine, reads what it asks for, and writes its messages as fast as the reader reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures::Stream;
use tokio::sync::watch;

use super::super::{App, Tokens};
use headway_model::Millis;
use headway_model::message::with_id;
use headway_server::follow::{Outgoing, Request, SenderStep, Serving};
use headway_server::{Head, Server, StoreError, now};

/// Up to how many bytes of messages are joined into one write.
const WRITE: usize = 32 * 1024;

/// How long a client waits before it reconnects, unless it decides for itself, in milliseconds.
const RETRY_MS: u64 = 1_000;

pub(super) struct EventConnection {
    server: Server,
    serving: Serving,
    head: watch::Receiver<Head>,
    follower: CountedConnection,
    stopping: watch::Receiver<bool>,
    /// The secrets. Once they change, the reader must show again that it knows one.
    tokens: watch::Receiver<Tokens>,
    /// When the server ends the stream; its reader reconnects with its cursor.
    ends_at: Millis,
    first: bool,
    last: bool,
    time: Time,
}

/// The clock of one connection: the wall clock when it began, plus the time that has passed since. A wall clock that is
/// set back in between makes nobody wait.
#[derive(Clone, Copy)]
struct Time {
    began: Millis,
    since: Instant,
}

impl Time {
    fn begin() -> Self {
        Time { began: now(), since: Instant::now() }
    }

    fn now(self) -> Millis {
        self.began + self.since.elapsed().as_millis() as Millis
    }
}

impl EventConnection {
    /// Registers for wake-ups, then begins. `tokens` are those with which the reader was admitted.
    pub(super) fn new(app: &App, request: Request, tokens: watch::Receiver<Tokens>) -> Self {
        let mut head = app.server.head();
        head.borrow_and_update();
        let time = Time::begin();
        let serving = Serving::new(request, app.server.build().into(), time.began, app.server.is_recording());
        EventConnection {
            server: app.server.clone(),
            serving,
            head,
            follower: app.followers.join(),
            stopping: app.stopping.clone(),
            tokens,
            ends_at: time.began + spread(app.stream_age.as_millis() as Millis),
            first: true,
            last: false,
            time,
        }
    }

    /// Chunks of whole messages. Ends with the job, at the end of its lifetime, with the server, or with the reader.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        futures::stream::unfold(Some(self), |connection| async move {
            let mut connection = connection?;
            let chunk = connection.chunk().await?;
            let rest = (!connection.last).then_some(connection);
            Some((Ok(chunk), rest))
        })
    }

    /// The next messages, joined; `None` at the end of the stream.
    async fn chunk(&mut self) -> Option<Bytes> {
        let mut chunk = String::new();
        loop {
            if *self.stopping.borrow() || self.tokens.has_changed().unwrap_or(true) {
                self.farewell(&mut chunk);
                return Some(chunk.into());
            }
            self.look();
            match self.serving.step(self.time.now()) {
                SenderStep::Send(message) => {
                    self.write(&mut chunk, &message);
                    if chunk.len() >= WRITE {
                        return Some(chunk.into());
                    }
                }
                SenderStep::Read(read) => {
                    let given = self.server.answer(read).await.ok()?;
                    self.serving.give(self.time.now(), given);
                }
                SenderStep::Wait(_) | SenderStep::End if !chunk.is_empty() => return Some(chunk.into()),
                SenderStep::Wait(_) if self.time.now() >= self.ends_at => return None,
                SenderStep::Wait(until) => self.wait(until.min(self.ends_at)).await,
                SenderStep::End => return None,
            }
        }
    }

    /// Messages in one response: what is there now or, if that is not news, what arrives within this time, up to the size of
    /// one message of events. A ping comes last: it says what the response contained.
    pub(super) async fn answer(mut self, wait: Duration) -> Result<String, StoreError> {
        self.serving.answer();
        let until = self.time.now() + wait.as_millis() as Millis;
        let (mut messages, mut news) = (Vec::new(), false);
        loop {
            let is_ended = *self.stopping.borrow() || self.tokens.has_changed().unwrap_or(true);
            let over = news || is_ended || self.time.now() >= until;
            match self.serving.step(self.time.now()) {
                SenderStep::Send(message) => {
                    news |= message.news;
                    messages.push(with_id(&message.text, message.id.as_deref()));
                }
                SenderStep::Read(read) => {
                    let given = self.server.answer(read).await?;
                    self.serving.give(self.time.now(), given);
                }
                SenderStep::Wait(next) if !over => self.wait(next.min(until)).await,
                SenderStep::Wait(_) | SenderStep::End => break,
            }
        }
        self.look();
        let last = self.serving.final_ping(self.time.now());
        messages.push(with_id(&last.text, last.id.as_deref()));
        Ok(format!("[{}]", messages.join(",")))
    }

    /// Updates the transient state that messages carry.
    fn look(&mut self) {
        self.serving.recording(self.server.is_recording());
        self.serving.given_up(self.server.given_up());
        self.serving.clock_ahead(now().cast_signed() - self.time.now().cast_signed());
    }

    fn write(&mut self, chunk: &mut String, message: &Outgoing) {
        if std::mem::take(&mut self.first) {
            chunk.push_str(&format!("retry: {RETRY_MS}\n"));
        }
        chunk.push_str("data: ");
        chunk.push_str(&message.text);
        // The id follows the data that it stands for, because some clients keep the complete lines of a truncated
        // message.
        if let Some(id) = &message.id {
            chunk.push_str("\nid: ");
            chunk.push_str(id);
        }
        chunk.push_str("\n\n");
    }

    /// The server is stopping and another will start, or its secrets have changed: the last chunk tells each reader
    /// when to reconnect, spread over time.
    fn farewell(&mut self, chunk: &mut String) {
        self.last = true;
        chunk.push_str(&format!("retry: {}\n\n", spread(2 * RETRY_MS)));
    }

    async fn wait(&mut self, until: Millis) {
        self.serving.among(self.follower.count());
        let begun = self.time.now();
        let next_flush = self.serving.next_flush_at();
        let until = if next_flush > begun { until.min(next_flush) } else { until };
        let time = Duration::from_millis(until.saturating_sub(begun).max(1));
        tokio::select! {
            // The head of a busy log moves far more often than messages are sent, so ignore it until the next flush.
            moved = self.head.changed(), if next_flush <= begun => if moved.is_ok() {
                self.serving.wake();
            },
            () = tokio::time::sleep(time) => {}
            _ = self.stopping.wait_for(|stopping| *stopping) => {}
            () = changed(&self.tokens) => {}
        }
    }
}

/// Waits for the next change of the secrets, and leaves it to be noticed.
async fn changed(tokens: &watch::Receiver<Tokens>) {
    tokens.clone().changed().await.ok();
}

/// Counts the connections.
#[derive(Clone, Default)]
pub(crate) struct Followers(Arc<AtomicUsize>);

impl Followers {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn join(&self) -> CountedConnection {
        self.0.fetch_add(1, Ordering::Relaxed);
        CountedConnection(self.clone())
    }
}

/// A counted connection, until it is dropped.
struct CountedConnection(Followers);

impl CountedConnection {
    fn count(&self) -> usize {
        self.0.count()
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Varies a time by up to a ninth, so that readers do not all reconnect at once.
fn spread(millis: Millis) -> Millis {
    let [.., a, b] = *uuid::Uuid::new_v4().as_bytes();
    let part = millis / 9;
    millis - part + u64::from(u16::from_le_bytes([a, b])) * 2 * part / u64::from(u16::MAX)
}
