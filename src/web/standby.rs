//! What a server that stands by answers: the probes, and to everything else which server works.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use axum::{Json, Router};
use chrono::DateTime;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::error::ErrorResponse;
use super::{Access, ConnectionLimits, access, base_path, connections, probes, problem, request_id};
use crate::base::Base;
use headway_model::ApiError;
use headway_server::config::{Standby, WorkingServer};

/// Answers until `stopping` holds `true`.
pub async fn stand_by(
    listener: TcpListener,
    standby: Standby,
    (access, base): (Access, Base),
    limits: ConnectionLimits,
    stopping: watch::Receiver<bool>,
) {
    connections::serve(listener, router(standby, access, base), limits, stopping).await;
}

fn router(standby: Standby, access: Access, base: Base) -> Router {
    let router = Router::new()
        .route("/health", get(async || Json(json!({ "status": "healthy" }))))
        .route("/ready", get(ready))
        .fallback(elsewhere)
        .layer(middleware::from_fn_with_state(access, access::gate))
        .layer(middleware::from_fn(problem::details))
        .layer(middleware::from_fn(request_id::named))
        .with_state(standby);
    base_path::mount(router, base)
}

async fn ready(State(standby): State<Standby>) -> (StatusCode, Json<Value>) {
    probes::answer("ready", vec![standby.reason().to_owned()])
}

/// Says which server works. A link that logs in is answered without a token, so that answer names nothing.
async fn elsewhere(State(standby): State<Standby>, request: Request) -> ErrorResponse {
    let working = standby.working().filter(|_| request.uri().path() != "/login");
    let who = working.map_or_else(|| standby.reason().to_owned(), |working| shown(&working));
    let message = format!("{who}. This one does nothing until then, and takes over by itself once that one is gone");
    ErrorResponse(ApiError::Unavailable { message })
}

fn shown(working: &WorkingServer) -> String {
    let moment = i64::try_from(working.since).ok().and_then(DateTime::from_timestamp_millis);
    let since = moment.map(|moment| moment.format(", since %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
    format!("another server works: process {} on the host {}{since}", working.process, working.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_that_works_is_named_with_its_host_its_process_and_its_time() {
        let working = WorkingServer { host: "nas".into(), process: 7, since: 1_000 };
        let said = shown(&working);
        assert_eq!(said, "another server works: process 7 on the host nas, since 1970-01-01 00:00:01 UTC");
    }
}
