//! The one stream handler: a thin shell around [`server::follow`](crate::server::follow).

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::Stream;
use tokio::sync::watch;

use super::App;
use super::error::Refusal;
use super::rest::job_id;
use crate::model::follow::JOBS_LIMIT;
use crate::model::{ApiError, Position};
use crate::server::follow::{Given, Outgoing, PAGE, Read, Request, Serving, Step};
use crate::server::store::{JobFilter, Stored};
use crate::server::{Server, now};

/// As much is joined into one write.
const WRITE: usize = 32 * 1024;

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/events", get(events))
}

async fn events(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response, Refusal> {
    let last_id = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty());
    if last_id == Some("end") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let (request, wait) = parse(query.as_deref().unwrap_or_default(), last_id)?;
    // Registered before the machine's first look at the head: nothing can slip between.
    let mut connection = Connection::new(&app, request);
    if wait {
        let messages = connection.until_caught_up().await;
        return Ok(([(header::CONTENT_TYPE, "application/json")], format!("[{}]", messages.join(","))).into_response());
    }
    let mut response = Body::from_stream(connection.stream()).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-store, no-transform"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// What is asked for, and whether by one answer instead of a stream. Only what no retry could help is an error here.
fn parse(query: &str, last_id: Option<&str>) -> Result<(Request, bool), ApiError> {
    let malformed = |message: String| ApiError::Malformed { message };
    let mut request = Request::default();
    let mut wait = false;
    let mut jobs = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (name, value) {
            ("job", id) => drop(jobs.entry(job_id(id)?).or_insert(false)),
            ("held", id) => drop(jobs.insert(job_id(id)?, true)),
            ("watch", "jobs") => request.watch = true,
            ("after", cursor) => request.cursor = Some(cursor.parse()),
            ("replay", "all") => request.replay_all = true,
            ("wait", "0") => wait = true,
            _ => {
                let known = "job=ID, held=ID, watch=jobs, after=CURSOR, replay=all, wait=0";
                return Err(malformed(format!("{pair:?} is not a parameter of this stream; it takes {known}")));
            }
        }
    }
    if let Some(id) = last_id {
        request.cursor = Some(id.parse());
        jobs.values_mut().for_each(|held| *held = true);
    }
    if jobs.len() > JOBS_LIMIT {
        return Err(malformed(format!("one stream follows at most {JOBS_LIMIT} jobs; {} were named", jobs.len())));
    }
    if jobs.is_empty() && !request.watch {
        return Err(malformed("name a job to follow (job=ID) or watch all (watch=jobs)".into()));
    }
    request.jobs = jobs;
    Ok((request, wait))
}

struct Connection {
    server: Server,
    serving: Serving,
    head: watch::Receiver<Position>,
    stopping: watch::Receiver<bool>,
    first: bool,
}

impl Connection {
    fn new(app: &App, request: Request) -> Self {
        let mut head = app.server.head();
        head.borrow_and_update();
        let serving = Serving::new(request, app.server.build().into(), now(), app.server.is_recording());
        Connection { server: app.server.clone(), serving, head, stopping: app.stopping.clone(), first: true }
    }

    /// Chunks of whole messages; ends with the job, with the server, or with the reader.
    fn stream(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        futures::stream::unfold(Some(self), |connection| async move {
            let mut connection = connection?;
            let chunk = connection.chunk().await?;
            Some((Ok(chunk), Some(connection)))
        })
    }

    /// The next messages, joined; `None` at the end of the stream.
    async fn chunk(&mut self) -> Option<Bytes> {
        let mut chunk = String::new();
        loop {
            self.serving.recording(self.server.is_recording());
            match self.serving.step(now()) {
                Step::Send(message) => {
                    self.write(&mut chunk, &message);
                    if chunk.len() >= WRITE {
                        return Some(chunk.into());
                    }
                }
                Step::Read(read) => {
                    let given = self.read(read).await.ok()?;
                    self.serving.give(now(), given);
                }
                Step::Wait(_) | Step::End if !chunk.is_empty() => return Some(chunk.into()),
                Step::Wait(until) => self.wait(until).await?,
                Step::End => return None,
            }
        }
    }

    async fn until_caught_up(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            match self.serving.step(now()) {
                Step::Send(message) => messages.push(message.text),
                Step::Read(read) => match self.read(read).await {
                    Ok(given) => self.serving.give(now(), given),
                    Err(_) => return messages,
                },
                Step::Wait(_) | Step::End => return messages,
            }
        }
    }

    fn write(&mut self, chunk: &mut String, message: &Outgoing) {
        if std::mem::take(&mut self.first) {
            chunk.push_str("retry: 1000\n");
        }
        if let Some(id) = &message.id {
            chunk.push_str("id: ");
            chunk.push_str(id);
            chunk.push('\n');
        }
        chunk.push_str("data: ");
        chunk.push_str(&message.text);
        chunk.push_str("\n\n");
    }

    /// `None` when the server stops.
    async fn wait(&mut self, until: u64) -> Option<()> {
        let time = Duration::from_millis(until.saturating_sub(now()).max(1));
        tokio::select! {
            moved = self.head.changed() => moved.ok().map(|()| self.serving.wake()),
            () = tokio::time::sleep(time) => Some(()),
            _ = self.stopping.wait_for(|stopping| *stopping) => None,
        }
    }

    async fn read(&self, read: Read) -> Stored<Given> {
        let store = self.server.store();
        Ok(match read {
            Read::Head => Given::Head(store.head().await?),
            Read::DigestAt(position) => Given::DigestAt(store.digest_at(position).await?),
            Read::Job(job) => Given::Job(job, store.job(job).await?.map(Box::new)),
            Read::EventBefore(job, job_no, position) => {
                Given::EventBefore(job, store.event_before(job_no, position).await?)
            }
            Read::Folds(jobs) => Given::Folds(store.folds(&jobs).await?.1),
            Read::Page(jobs, after, upto) => Given::Page(store.events(&jobs, after, upto, PAGE).await?),
            Read::Live => Given::Jobs(store.jobs(JobFilter::Live, WATCHED).await?),
            Read::Changed(position) => Given::Jobs(store.jobs(JobFilter::ChangedAfter(position), WATCHED).await?),
            Read::Now(job) => Given::Now(self.server.running(0, job)),
        })
    }
}

/// More jobs than this are never live, nor change between two looks.
const WATCHED: u32 = 10_000;
