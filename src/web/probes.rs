//! `/health` and `/ready`, for supervisors and load balancers. They reveal nothing else, so they need no token, and
//! any host name is accepted, because kubelet and load balancers call by address. `/metrics`, for Prometheus, reveals
//! names of recipes and libraries, so it needs the token if there is one; then any host name is accepted too.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::App;
use super::error::ErrorResponse;
use super::events::Followers;
use headway_server::Server;

/// Whether everyone can call this path.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/ready")
}

pub(super) fn router() -> Router<App> {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).route("/metrics", get(metrics))
}

/// 503 only if a restart of the server would help. Anything that a person must do is a note.
async fn health(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    let (status, Json(mut body)) = answer("healthy", server.ails());
    let notes = server.notes().await;
    if !notes.is_empty() {
        body["notes"] = json!(notes);
    }
    (status, Json(body))
}

/// 503 while the server cannot begin work, or is stopping.
async fn ready(
    State(server): State<Server>,
    State(stopping): State<watch::Receiver<bool>>,
) -> (StatusCode, Json<Value>) {
    let mut reasons = server.cannot_begin().await;
    if *stopping.borrow() {
        reasons.push("the server is stopping".into());
    }
    answer("ready", reasons)
}

async fn metrics(State(server): State<Server>, State(followers): State<Followers>) -> Result<Response, ErrorResponse> {
    let text = server.metrics(followers.count()).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// The answer of a probe: 503 if there are reasons.
pub(super) fn answer(word: &str, reasons: Vec<String>) -> (StatusCode, Json<Value>) {
    match reasons.is_empty() {
        true => (StatusCode::OK, Json(json!({ "status": word }))),
        false => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": format!("not {word}"), "reasons": reasons })))
        }
    }
}
