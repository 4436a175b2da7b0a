//! Server functions: the calls of the pages. Each is four lines that call one `Server` method, without logic. All of
//! them are publicly reachable.

#![expect(missing_docs, reason = "the server macro makes undocumented argument fields")]

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use headway_model::attempt::AttemptLog;
use headway_model::causes::Causes;
use headway_model::find::FindJobs;
use headway_model::library::{FolderPage, FolderView};
use headway_model::load::Load;
use headway_model::summary::{ItemPage, ItemView, JobPage, JobView};
use headway_model::{Action, ApiError, JobId, StartJob};

/// Starts a job, or finds the one that the same request started before.
#[server(name = StartCall, prefix = "/api/fn", endpoint = "start_job", input = Json)]
pub async fn start_job(id: JobId, request: StartJob) -> Result<JobView, ApiError> {
    let server = expect_context::<headway_server::Server>();
    server.start_job(id, &request).await.map(|(_, view)| view)
}

/// Requests a cancel.
#[server(prefix = "/api/fn", endpoint = "cancel_job", input = Json)]
pub async fn cancel_job(id: JobId) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().cancel(id).await
}

/// Performs an action on a job.
#[server(prefix = "/api/fn", endpoint = "steer_job", input = Json)]
pub async fn steer_job(id: JobId, action: Action) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().steer(id, action).await
}

/// The output of an item's attempts.
#[server(prefix = "/api/fn", endpoint = "attempts", input = Json)]
pub async fn attempts(id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
    expect_context::<headway_server::Server>().attempts(id, item).await
}

/// One job.
#[server(prefix = "/api/fn", endpoint = "job", input = Json)]
pub async fn job(id: JobId) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().job(id).await
}

/// Jobs, newest first.
#[server(prefix = "/api/fn", endpoint = "jobs", input = Json)]
pub async fn jobs(before: Option<JobId>, limit: u32, find: FindJobs) -> Result<JobPage, ApiError> {
    expect_context::<headway_server::Server>().jobs(before, limit, &find).await
}

/// A window of a job's items.
#[server(prefix = "/api/fn", endpoint = "items", input = Json)]
pub async fn items(id: JobId, after: Option<u32>, limit: u32, status: Option<String>) -> Result<ItemPage, ApiError> {
    expect_context::<headway_server::Server>().items(id, after, limit, status.as_deref()).await
}

/// These items of a job.
#[server(prefix = "/api/fn", endpoint = "items_at", input = Json)]
pub async fn items_at(id: JobId, items: Vec<u32>) -> Result<Vec<ItemView>, ApiError> {
    expect_context::<headway_server::Server>().items_at(id, &items).await
}

/// How many files of a job are done and open, and their bytes.
#[server(name = LoadCall, prefix = "/api/fn", endpoint = "load", input = Json)]
pub async fn load(id: JobId) -> Result<Load, ApiError> {
    expect_context::<headway_server::Server>().load(id).await
}

/// Why the failed items of a job failed, by cause.
#[server(name = CausesCall, prefix = "/api/fn", endpoint = "causes", input = Json)]
pub async fn causes(id: JobId) -> Result<Causes, ApiError> {
    expect_context::<headway_server::Server>().causes(id).await
}

/// A window of a library.
#[server(prefix = "/api/fn", endpoint = "folder", input = Json)]
pub async fn folder(view: FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
    expect_context::<headway_server::Server>().folder(&view, refresh).await
}

/// Scans a library's disk again.
#[server(prefix = "/api/fn", endpoint = "scan", input = Json)]
pub async fn scan(library: String) -> Result<(), ApiError> {
    expect_context::<headway_server::Server>().scan(&library)
}
