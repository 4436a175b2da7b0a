//! The REST calls, for programs: the routes, and the handlers of most calls. Each call has a twin
//! among the pages' server functions; both call the same `Server` method.

mod actions;
mod automatic;
mod body;
mod call;
mod calls;
mod downloads;
mod entity_tag;
mod files;
mod items;
mod links;
mod openapi;
mod parameters;
mod place;
mod presets;
mod reference;
mod validate;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware;
use axum::routing::{get, post};
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::App;
use super::error::ErrorResponse;
use actions::{change_by_query, steer};
use body::request;
pub(super) use body::require_json;
use calls::calls;
use headway_model::attempt::AttemptLog;
use headway_model::causes::Causes;
use headway_model::find::{FindJobs, JobShow, JobSort};
use headway_model::load::Load;
use headway_model::setting::schema;
use headway_model::summary::{JobTotals, JobView, LibraryName, ListedJobs, RecipeInfo, Room};
use headway_model::{Action, ApiError, JobId, StartJob};
use headway_server::{Server, Started};
pub(super) use links::{reading_link, uncompressed};
use parameters::{Parameters, of_text};

type RestResult<T> = Result<T, ErrorResponse>;

/// The API below `/api/v1` and, until 1.0, also directly below `/api`, where it used to be.
pub(super) fn router() -> Router<App> {
    let mut v1 = Router::new()
        .route("/api/v1/openapi.json", get(openapi::openapi))
        .route("/api/v1/docs", get(reference::reference))
        .route("/api/v1/docs.css", get(reference::style));
    let mut before = Router::new()
        .route("/api/jobs/{id}/leave_out", steer(Action::LeaveOut))
        .route("/api/jobs/{id}/empty_trash", steer(Action::EmptyTrash))
        .route("/api/jobs/{id}/change", post(change_by_query));
    for call in calls() {
        v1 = v1.route(&format!("/api/v1{}", call.path), call.handler.clone());
        if !call.is_new {
            before = before.route(&format!("/api{}", call.path), call.handler);
        }
    }
    v1.layer(middleware::from_fn(entity_tag::tagged)).merge(before)
}

async fn start(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> RestResult<(StatusCode, Json<JobView>)> {
    let id = job_id(&id)?;
    let request: StartJob = request(&headers, &body)?;
    let (started, view) = server.start_job(id, &request).await?;
    Ok((created(started), Json(view)))
}

fn created(started: Started) -> StatusCode {
    match started {
        Started::Created => StatusCode::CREATED,
        Started::Existing => StatusCode::OK,
    }
}

async fn room(State(server): State<Server>) -> RestResult<Json<Room>> {
    Ok(Json(server.room().await?))
}

async fn job(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<JobView>> {
    Ok(Json(server.job(job_id(&id)?).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JobsQuery {
    /// Jobs after this one: the `next` of the previous page.
    before: Option<String>,
    /// How many; 100 if omitted.
    limit: Option<u32>,
    /// A part of the title or of the recipe's name.
    #[serde(default)]
    search: String,
    /// Which statuses.
    #[serde(default)]
    show: JobShow,
    /// The order.
    #[serde(default)]
    sort: JobSort,
}

async fn jobs(State(server): State<Server>, Parameters(query): Parameters<JobsQuery>) -> RestResult<Json<ListedJobs>> {
    let before = query.before.as_deref().map(|text| of_text("before", text, "the id of a job")).transpose()?;
    let find = FindJobs { search: query.search, show: query.show, sort: query.sort };
    Ok(Json(server.listed_jobs(before, query.limit.unwrap_or(100), &find).await?))
}

async fn load(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<Load>> {
    Ok(Json(server.load(job_id(&id)?).await?))
}

#[derive(Serialize, JsonSchema)]
struct TotalsView {
    #[serde(flatten)]
    totals: JobTotals,
    /// How many bytes smaller the library's files are once the trash is emptied; negative if they are larger.
    saved: i64,
}

async fn totals(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<TotalsView>> {
    let totals = server.job_totals(job_id(&id)?).await?;
    Ok(Json(TotalsView { saved: totals.saved(), totals }))
}

async fn causes(State(server): State<Server>, Path(id): Path<String>) -> RestResult<Json<Causes>> {
    Ok(Json(server.causes(job_id(&id)?).await?))
}

async fn attempts(
    State(server): State<Server>,
    Path((id, item)): Path<(String, String)>,
) -> RestResult<Json<Vec<AttemptLog>>> {
    let message = || ApiError::Malformed { message: format!("not an item number: {item:?}") };
    let item = item.parse().map_err(|_| message())?;
    Ok(Json(server.attempts(job_id(&id)?, item).await?))
}

async fn libraries(State(server): State<Server>) -> Json<Vec<LibraryName>> {
    Json(server.libraries())
}

/// The recipes, each with the JSON Schema of its settings.
async fn recipes(State(server): State<Server>) -> Json<Vec<OfferedRecipe>> {
    let offered = server.recipes().into_iter().map(|info| OfferedRecipe { schema: schema(&info.settings), info });
    Json(offered.collect())
}

#[derive(Serialize, JsonSchema)]
struct OfferedRecipe {
    #[serde(flatten)]
    info: RecipeInfo,
    schema: Value,
}

pub(super) fn job_id(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|error| ApiError::Malformed { message: format!("not a job id, {text:?}: {error}") })
}

/// The response for an unknown path under `/api`.
pub(super) fn no_such_call() -> ApiError {
    ApiError::NotFound { message: "there is no such call; docs/protocol.md lists them".into() }
}
