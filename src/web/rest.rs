//! The REST calls, for programs. Each has a twin among the pages' server functions; both call one `Server` method.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::App;
use super::error::Refusal;
use headway_model::attempt::AttemptLog;
use headway_model::causes::Causes;
use headway_model::find::{FindJobs, JobShow};
use headway_model::library::{FolderPage, FolderView, RowKey, Show, Sort};
use headway_model::load::Load;
use headway_model::setting::schema;
use headway_model::summary::{ItemPage, JobPage, JobView, LibraryName, RecipeInfo, Room};
use headway_model::{Action, ApiError, JobId, RelPath, StartJob};
use headway_server::{Server, Started};

type Answer<T> = Result<T, Refusal>;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/api/jobs", get(jobs))
        .route("/api/jobs/{id}", get(job).put(start))
        .route("/api/jobs/{id}/items", get(items))
        .route("/api/jobs/{id}/causes", get(causes))
        .route("/api/jobs/{id}/load", get(load))
        .route("/api/jobs/{id}/items/{item}/attempts", get(attempts))
        .route("/api/jobs/{id}/cancel", post(cancel))
        .route("/api/jobs/{id}/pause", steer(Action::Pause))
        .route("/api/jobs/{id}/resume", steer(Action::Resume))
        .route("/api/jobs/{id}/leave_out", steer(Action::LeaveOut))
        .route("/api/jobs/{id}/approve", steer(Action::Approve))
        .route("/api/jobs/{id}/retry", post(retry))
        .route("/api/jobs/{id}/adopt", post(adopt))
        .route("/api/jobs/{id}/change", post(change))
        .route("/api/jobs/{id}/undo/{new}", post(undo))
        .route("/api/jobs/{id}/empty_trash", steer(Action::EmptyTrash))
        .route("/api/workers/{count}", post(workers))
        .route("/api/jobs/{id}/log", get(log))
        .route("/api/jobs/{id}/joblog", get(joblog))
        .route("/api/jobs/{id}/outputs/{name}", get(output))
        .route("/api/recipes", get(recipes))
        .route("/api/room", get(room))
        .route("/api/libraries", get(libraries))
        .route("/api/libraries/{name}/files", get(files))
        .route("/api/libraries/{name}/scan", post(scan))
}

async fn start(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<JobView>)> {
    let id = job_id(&id)?;
    let request = request(&headers, &body)?;
    let (started, view) = server.start_job(id, &request).await?;
    Ok((created(started), Json(view)))
}

fn created(started: Started) -> StatusCode {
    match started {
        Started::Created => StatusCode::CREATED,
        Started::Existing => StatusCode::OK,
    }
}

fn read<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    query.map(|Query(query)| query).map_err(|error| ApiError::Malformed { message: error.body_text() })
}

async fn room(State(server): State<Server>) -> Answer<Json<Room>> {
    Ok(Json(server.room().await?))
}

async fn job(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<JobView>> {
    Ok(Json(server.job(job_id(&id)?).await?))
}

async fn cancel(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<JobView>> {
    Ok(Json(server.cancel(job_id(&id)?).await?))
}

/// The call that performs this action on a job.
fn steer(action: Action) -> MethodRouter<App> {
    post(async move |State(server): State<Server>, Path(id): Path<String>| -> Answer<Json<JobView>> {
        Ok(Json(server.steer(job_id(&id)?, action).await?))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryQuery {
    item: Option<u32>,
}

async fn retry(
    State(server): State<Server>,
    Path(id): Path<String>,
    query: Result<Query<RetryQuery>, QueryRejection>,
) -> Answer<Json<JobView>> {
    Ok(Json(server.steer(job_id(&id)?, Action::Retry(read(query)?.item)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeQuery {
    priority: Option<i32>,
    concurrency: Option<u32>,
}

async fn change(
    State(server): State<Server>,
    Path(id): Path<String>,
    query: Result<Query<ChangeQuery>, QueryRejection>,
) -> Answer<Json<JobView>> {
    let ChangeQuery { priority, concurrency } = read(query)?;
    Ok(Json(server.steer(job_id(&id)?, Action::Change { priority, concurrency }).await?))
}

/// Has a job worked on by a server that works on no job unasked.
async fn adopt(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<JobView>> {
    let id = job_id(&id)?;
    server.adopt(id).await?;
    Ok(Json(server.job(id).await?))
}

async fn undo(
    State(server): State<Server>,
    Path((id, new)): Path<(String, String)>,
) -> Answer<(StatusCode, Json<JobView>)> {
    let (started, view) = server.undo(job_id(&id)?, job_id(&new)?).await?;
    Ok((created(started), Json(view)))
}

async fn workers(State(server): State<Server>, Path(count): Path<String>) -> Answer<StatusCode> {
    let message = || ApiError::Malformed { message: format!("not a number of workers: {count:?}") };
    server.set_workers(count.parse().map_err(|_| message())?)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobsQuery {
    before: Option<String>,
    limit: Option<u32>,
    #[serde(default)]
    search: String,
    #[serde(default)]
    show: JobShow,
}

async fn jobs(State(server): State<Server>, query: Result<Query<JobsQuery>, QueryRejection>) -> Answer<Json<JobPage>> {
    let query = read(query)?;
    let before = query.before.as_deref().map(job_id).transpose()?;
    let find = FindJobs { search: query.search, show: query.show };
    Ok(Json(server.jobs(before, query.limit.unwrap_or(100), &find).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsQuery {
    after: Option<u32>,
    limit: Option<u32>,
    status: Option<String>,
}

async fn items(
    State(server): State<Server>,
    Path(id): Path<String>,
    query: Result<Query<ItemsQuery>, QueryRejection>,
) -> Answer<Json<ItemPage>> {
    let query = read(query)?;
    let page = server.items(job_id(&id)?, query.after, query.limit.unwrap_or(100), query.status.as_deref()).await?;
    Ok(Json(page))
}

async fn load(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Load>> {
    Ok(Json(server.load(job_id(&id)?).await?))
}

async fn causes(State(server): State<Server>, Path(id): Path<String>) -> Answer<Json<Causes>> {
    Ok(Json(server.causes(job_id(&id)?).await?))
}

async fn attempts(
    State(server): State<Server>,
    Path((id, item)): Path<(String, String)>,
) -> Answer<Json<Vec<AttemptLog>>> {
    let message = || ApiError::Malformed { message: format!("not an item number: {item:?}") };
    let item = item.parse().map_err(|_| message())?;
    Ok(Json(server.attempts(job_id(&id)?, item).await?))
}

async fn libraries(State(server): State<Server>) -> Json<Vec<LibraryName>> {
    Json(server.libraries())
}

/// The recipes, each with what a request gives as its settings as a JSON Schema.
async fn recipes(State(server): State<Server>) -> Json<Vec<OfferedRecipe>> {
    let offered = server.recipes().into_iter().map(|info| OfferedRecipe { schema: schema(&info.settings), info });
    Json(offered.collect())
}

#[derive(Serialize)]
struct OfferedRecipe {
    #[serde(flatten)]
    info: RecipeInfo,
    schema: Value,
}

/// A window of a library, after a scan of the disk if that is quick.
async fn files(
    State(server): State<Server>,
    Path(library): Path<String>,
    query: Result<Query<FilesQuery>, QueryRejection>,
) -> Answer<Json<FolderPage>> {
    let query = read(query)?;
    let view = FolderView {
        library,
        folder: query.folder,
        search: query.search,
        show: query.show,
        sort: query.sort,
        descending: query.descending,
        after: query.after,
        before: query.before,
        limit: query.limit.unwrap_or(100),
    };
    Ok(Json(server.folder(&view, true).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesQuery {
    #[serde(default)]
    folder: RelPath,
    #[serde(default)]
    search: String,
    #[serde(default)]
    show: Show,
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    descending: bool,
    after: Option<RowKey>,
    before: Option<RowKey>,
    limit: Option<u32>,
}

async fn scan(State(server): State<Server>, Path(library): Path<String>) -> Answer<StatusCode> {
    server.scan(&library)?;
    Ok(StatusCode::ACCEPTED)
}

/// A file that a job wrote for its user. It is always served as a download, never as a page.
async fn output(State(server): State<Server>, Path((id, name)): Path<(String, String)>) -> Answer<Response> {
    let path = server.output(job_id(&id)?, &name)?;
    let file = tokio::fs::File::open(&path).await;
    let file = file.map_err(|error| ApiError::NotFound { message: format!("{name} cannot be read: {error}") })?;
    let pages = futures::stream::try_unfold(file, |mut file| async move {
        use tokio::io::AsyncReadExt;
        let mut page = Vec::with_capacity(64 * 1024);
        let count = (&mut file).take(64 * 1024).read_to_end(&mut page).await?;
        Ok::<_, std::io::Error>((count > 0).then_some((page, file)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, axum::body::Body::from_stream(pages)).into_response())
}

/// A job's whole log for `headway verify`: a report, then every event.
async fn log(State(server): State<Server>, Path(id): Path<String>) -> Answer<Response> {
    let id = job_id(&id)?;
    let lines = server.export(id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"headway-{id}.jsonl\"")),
    ];
    Ok((headers, axum::body::Body::from_stream(lines)).into_response())
}

/// A job's attempts as GNU parallel lists them.
async fn joblog(State(server): State<Server>, Path(id): Path<String>) -> Answer<Response> {
    let id = job_id(&id)?;
    let lines = server.joblog(id).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/tab-separated-values".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"headway-{id}.joblog\"")),
    ];
    Ok((headers, axum::body::Body::from_stream(lines)).into_response())
}

pub(super) fn job_id(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|error| ApiError::Malformed { message: format!("not a job id, {text:?}: {error}") })
}

/// Checks that the content type is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    let message = "send the request as JSON, with the header Content-Type: application/json".into();
    Err(ApiError::NotJson { message })
}

/// The response for an unknown path under `/api`.
pub(super) fn no_such_call() -> ApiError {
    ApiError::NotFound { message: "there is no such call; docs/protocol.md lists them".into() }
}

fn request(headers: &HeaderMap, body: &Bytes) -> Result<StartJob, ApiError> {
    is_json(headers)?;
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::invalid(error.to_string()),
        _ => ApiError::Malformed { message: format!("the request is not JSON: {error}") },
    })
}
