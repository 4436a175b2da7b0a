//! Calls for presets: requests stored under names.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::{RestResult, request};
use headway_model::StartJob;
use headway_server::Server;

/// Requests by their names.
pub(super) type Presets = BTreeMap<String, StartJob>;

type PresetsAnswer = Json<Presets>;

pub(super) async fn all(State(server): State<Server>) -> RestResult<PresetsAnswer> {
    Ok(Json(server.presets().await?))
}

pub(super) async fn keep(
    State(server): State<Server>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> RestResult<PresetsAnswer> {
    Ok(Json(server.keep_preset(name, request(&headers, &body)?).await?))
}

pub(super) async fn remove(State(server): State<Server>, Path(name): Path<String>) -> RestResult<PresetsAnswer> {
    Ok(Json(server.remove_preset(name).await?))
}
