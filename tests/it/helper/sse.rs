//! Clients of the stream: one that returns every message, and the real receiver over connections that are cut.

use futures::StreamExt;
use headway_model::follow::{Follow, FollowEffect};
use headway_model::{Cursor, JobId};
use serde_json::{Value, json};

use super::App;

/// One message, unchanged.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Event {
    pub(crate) fn kind(&self) -> &str {
        self.json["kind"].as_str().unwrap_or_default()
    }
}

/// The kinds of these messages, in order.
pub(crate) fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::kind).collect()
}

/// The payloads of one job in these messages, in order.
pub(crate) fn payloads(events: &[Event], job: JobId) -> Vec<Value> {
    let frames = events.iter().flat_map(|event| event.json["frames"].as_array().into_iter().flatten());
    let of_job = frames.filter(|frame| frame["job"] == json!(job));
    of_job.flat_map(|frame| frame["events"].as_array().into_iter().flatten().cloned()).collect()
}

/// How many connections in a row can break before the head of an answer.
const BROKEN_LIMIT: usize = 5;

/// An open stream.
pub(crate) struct Stream {
    answer: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<Vec<u8>>> + Send>>,
    bytes: Vec<u8>,
}

impl Stream {
    /// Opens a stream; the answer's status must be 200.
    pub(crate) async fn open(app: &App, query: &str) -> Stream {
        Stream::open_with(app, query, None).await
    }

    /// Reconnects like a browser, with the id of the last message.
    pub(crate) async fn open_with(app: &App, query: &str, last_id: Option<&str>) -> Stream {
        Stream::open_at(&app.client, &app.url, query, last_id).await
    }

    /// As above, from any address.
    pub(crate) async fn open_at(client: &reqwest::Client, url: &str, query: &str, last_id: Option<&str>) -> Stream {
        let mut request = client.get(format!("{url}/api/events?{query}"));
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        // A line that breaks can break before the head of an answer too, as a browser meets it.
        let mut broken = 0;
        let answer = loop {
            match request.try_clone().expect("a request without a body").send().await {
                Ok(answer) => break answer,
                Err(_) if broken < BROKEN_LIMIT => broken += 1,
                Err(error) => panic!("no answer: {error:?}"),
            }
        };
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-cache, no-store, no-transform");
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        Stream::of(answer)
    }

    /// The messages of an answer from any server.
    pub(crate) fn of(answer: reqwest::Response) -> Stream {
        let answer = answer.bytes_stream().map(|bytes| bytes.map(|bytes| bytes.to_vec()));
        Stream { answer: Box::pin(answer), bytes: Vec::new() }
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("text");
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                // A block without data is not a message; it carries only the reconnection time.
                let Some(text) = field("data: ") else { continue };
                let json = serde_json::from_str(&text).expect("JSON");
                return Some(Event { id: field("id: "), text, json });
            }
            // Pings come every five seconds, so without one for this long the stream has fallen silent.
            let more = tokio::time::timeout(std::time::Duration::from_secs(60), self.answer.next()).await;
            match more.expect("a stream that says something within a minute") {
                Some(Ok(bytes)) => self.bytes.extend(bytes),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Messages up to and including the first of this kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let last = event.kind() == kind;
            events.push(event);
            if last {
                return events;
            }
        }
        panic!("the stream ended without {kind:?}: {events:?}");
    }
}

/// Follows a job with the real receiving machine, over real connections; each is cut after this many messages,
/// until the job is closed. Returns the machine and how many connections it took.
pub(crate) async fn follow_to_end(app: &App, job: JobId, messages_each: impl Fn(usize) -> usize) -> (Follow, usize) {
    follow_at(&app.client, &app.url, job, messages_each).await
}

/// As above, at any address.
pub(crate) async fn follow_at(
    client: &reqwest::Client,
    url: &str,
    job: JobId,
    messages_each: impl Fn(usize) -> usize,
) -> (Follow, usize) {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 11);
    // Simulated time, which passes as fast as the test likes.
    let mut now = 0;
    follow.follow(now, job);
    let mut effects = follow.start(now);
    let mut connections = 0;
    loop {
        let open = effects.iter().rev().find_map(|effect| match effect {
            FollowEffect::Open { generation, query } => Some((*generation, query.clone())),
            _ => None,
        });
        let Some((generation, query)) = open else {
            assert!(
                effects.is_empty() || follow.job(&job).is_some_and(|tracked| tracked.proof().closed),
                "{effects:?}"
            );
            if follow.job(&job).is_some_and(|tracked| tracked.proof().closed) {
                return (follow, connections);
            }
            now += 1_000;
            effects = follow.tick(now);
            continue;
        };
        connections += 1;
        let mut stream = Stream::open_at(client, url, &query, None).await;
        let limit = messages_each(connections);
        let mut reopened = None;
        for _ in 0..limit {
            let Some(event) = stream.next().await else { break };
            now += 1;
            let told = follow.message(now, generation, &event.text, event.id.as_deref().unwrap_or_default());
            if told.iter().any(|effect| matches!(effect, FollowEffect::Open { .. })) {
                reopened = Some(told);
                break;
            }
        }
        effects = match reopened {
            Some(told) => told,
            None => {
                let mut told = follow.error(now, generation, false);
                now += 10_000;
                told.extend(follow.tick(now));
                told
            }
        };
    }
}

/// Follows a job with the real receiving machine, by calls alone, until the job is closed. Returns the machine and how
/// many calls it took.
pub(crate) async fn follow_by_calls(client: &reqwest::Client, url: &str, job: JobId) -> (Follow, usize) {
    let mut follow = Follow::new(Some(Cursor::start()), false, None, 11);
    follow.prefer_calls();
    follow.follow(0, job);
    let (mut effects, mut calls, begun) = (follow.start(0), 0, std::time::Instant::now());
    loop {
        let ask = effects.iter().rev().find_map(|effect| match effect {
            FollowEffect::Ask { generation, query } => Some((*generation, query.clone())),
            _ => None,
        });
        let now = begun.elapsed().as_millis() as u64;
        assert!(now < 60_000, "never closed: {effects:?}");
        let Some((generation, query)) = ask else {
            if follow.job(&job).is_some_and(|tracked| tracked.proof().closed) {
                return (follow, calls);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            effects = follow.tick(now);
            continue;
        };
        calls += 1;
        let answer = client.get(format!("{url}/api/events?{query}")).send().await.expect("an answer");
        let text = answer.text().await.expect("a body");
        effects = follow.answered(begun.elapsed().as_millis() as u64, generation, Ok(&text));
    }
}
