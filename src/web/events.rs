//! The handler for event streams: a thin layer around [`server::follow`](headway_server::follow).

mod connection;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tokio::sync::watch;

use super::error::ErrorResponse;
use super::rest::job_id;
use super::{App, Tokens};
use connection::EventConnection;
pub(super) use connection::Followers;
use headway_model::ApiError;
use headway_model::follow::JOBS_LIMIT;
use headway_server::follow::{Holds, Request};

/// The longest time that one response waits for news, in seconds.
const WAIT_LIMIT_SECONDS: u64 = 25;

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/events", get(events)).route("/api/v1/events", get(events))
}

async fn events(
    State(app): State<App>,
    Extension(tokens): Extension<watch::Receiver<Tokens>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let last_id = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty());
    if last_id == Some("end") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let (request, wait) = parse(query.as_deref().unwrap_or_default(), last_id)?;
    // Registers for wake-ups before the state machine first reads the head, so that no event can slip in between.
    let connection = EventConnection::new(&app, request, tokens);
    if let Some(wait) = wait {
        let answer = connection.answer(wait).await.map_err(ApiError::from)?;
        return Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response());
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

/// Parses the request, and how long a single response (instead of a stream) waits for news. Fails only where no retry
/// could help.
fn parse(query: &str, last_id: Option<&str>) -> Result<(Request, Option<Duration>), ApiError> {
    let malformed = |message: String| ApiError::Malformed { message };
    let mut request = Request::default();
    let mut wait = None;
    let mut jobs = BTreeMap::new();
    let mut given = BTreeSet::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !matches!(name, "job" | "held") && !given.insert(name) {
            return Err(malformed(format!("the parameter {name} must be given once")));
        }
        match (name, value) {
            ("job", id) => drop(jobs.entry(job_id(id)?).or_insert(Holds::Nothing)),
            ("held", held) => {
                let wrong = || malformed(format!("held= takes ID or ID.SEQ, not {held:?}"));
                let (id, holds) = Holds::read(held).ok_or_else(wrong)?;
                jobs.insert(job_id(id)?, holds);
            }
            ("watch", "jobs") => request.watch = true,
            ("watch", "all") => (request.watch, request.watch_followed) = (true, true),
            ("after", cursor) => request.cursor = Some(cursor.parse()),
            ("replay", "all") => request.replay_all = true,
            ("wait", seconds) => {
                let seconds = seconds.parse().ok().filter(|seconds| *seconds <= WAIT_LIMIT_SECONDS);
                let asked =
                    seconds.ok_or_else(|| malformed(format!("wait= takes 0 to {WAIT_LIMIT_SECONDS} seconds")))?;
                wait = Some(Duration::from_secs(asked));
            }
            _ => {
                let known =
                    "job=ID, held=ID, held=ID.SEQ, watch=jobs, watch=all, after=CURSOR, replay=all, wait=SECONDS";
                return Err(malformed(format!("{pair:?} is not a parameter of this stream; it takes {known}")));
            }
        }
    }
    if let Some(id) = last_id {
        request.cursor = Some(id.parse());
        jobs.values_mut().for_each(|holds| *holds = Holds::AtCursor);
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
