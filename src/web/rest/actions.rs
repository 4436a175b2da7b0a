//! Calls that act on jobs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{MethodRouter, post};
use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::App;
use super::parameters::Parameters;
use super::{RestResult, created, job_id, request};
use headway_model::summary::JobView;
use headway_model::{Action, ApiError};
use headway_server::Server;

pub(super) async fn cancel(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<JobView>> {
    Ok(Json(server.cancel(job_id(&id)?).await?))
}

/// Performs this action on a job.
pub(super) fn act(
    action: Action,
) -> impl Fn(State<Server>, Path<String>) -> BoxFuture<'static, RestResult<Json<JobView>>> + Clone + Send + Sync + 'static
{
    move |State(server), Path(id)| async move { Ok(Json(server.steer(job_id(&id)?, action).await?)) }.boxed()
}

/// The call that performs this action on a job.
pub(super) fn steer(action: Action) -> MethodRouter<App> {
    post(act(action))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryQuery {
    /// The item; every failed one if omitted.
    item: Option<u32>,
}

/// The changes to a job's priority and concurrency.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaceChange {
    /// Higher priorities run first.
    priority: Option<i32>,
    /// How many items run at once; 0 lets the server decide.
    concurrency: Option<u32>,
}

pub(super) async fn retry(
    State(server): State<Server>,
    Path(id): Path<String>,
    Parameters(query): Parameters<RetryQuery>,
) -> RestResult<Json<JobView>> {
    Ok(Json(server.steer(job_id(&id)?, Action::Retry(query.item)).await?))
}

pub(super) async fn change(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> RestResult<Json<JobView>> {
    change_to(&server, &id, request(&headers, &body)?).await
}

/// The same call in its form before `/api/v1`.
pub(super) async fn change_by_query(
    State(server): State<Server>,
    Path(id): Path<String>,
    Parameters(query): Parameters<PaceChange>,
) -> RestResult<Json<JobView>> {
    change_to(&server, &id, query).await
}

async fn change_to(server: &Server, id: &str, pace: PaceChange) -> RestResult<Json<JobView>> {
    let PaceChange { priority, concurrency } = pace;
    Ok(Json(server.steer(job_id(id)?, Action::Change { priority, concurrency }).await?))
}

/// Makes a server that takes up no job unasked work on a job.
pub(super) async fn adopt(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<JobView>> {
    let id = job_id(&id)?;
    server.adopt(id).await?;
    Ok(Json(server.job(id).await?))
}

pub(super) async fn undo(
    State(server): State<Server>,
    Path((id, new)): Path<(String, String)>,
) -> RestResult<(StatusCode, Json<JobView>)> {
    let (started, view) = server.undo(job_id(&id)?, job_id(&new)?).await?;
    Ok((created(started), Json(view)))
}

pub(super) async fn workers(State(server): State<Server>, Path(count): Path<String>) -> RestResult<StatusCode> {
    let message = || ApiError::Malformed { message: format!("not a number of workers: {count:?}") };
    server.set_workers(count.parse().map_err(|_| message())?)?;
    Ok(StatusCode::NO_CONTENT)
}
