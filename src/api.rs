//! Server functions: the calls of the pages. Each is four lines that call one `Server` method, without logic. All of
//! them are publicly reachable.

mod protocol;
pub(crate) mod waiting;

use std::sync::Arc;

use leptos::prelude::*;

use headway_model::attempt::AttemptLog;
use headway_model::causes::Causes;
use headway_model::find::FindJobs;
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::history::HistoryPage;
use headway_model::item_filter::{ItemFilter, MatchingItems};
use headway_model::library::{FolderPage, FolderView};
use headway_model::load::Load;
use headway_model::summary::{ItemPage, ItemView, JobView, OverJobs, Room, ShownJobs};
use headway_model::{Action, ApiError, JobId, JobSummary, Position, RelPath, SortedMap, StartJob};
use protocol::{Acts, Reads};

/// Presets: requests by their names.
pub(crate) type PresetsByName = SortedMap<String, StartJob>;

/// Makes the link to a page.
type MakeLink = dyn Fn(&str) -> Result<String, ApiError> + Send + Sync;

/// Makes a read-only link to a page. The server gives it to [`reading_link`].
#[derive(Clone)]
pub(crate) struct LinkMaker(pub(crate) Arc<MakeLink>);

/// Starts a job, or finds the one that the same request started before.
#[server(name = StartCall, prefix = "/api/fn", endpoint = "start_job", protocol = Acts)]
pub(crate) async fn start_job(id: JobId, request: StartJob) -> Result<JobView, ApiError> {
    let server = expect_context::<headway_server::Server>();
    server.start_job(id, &request).await.map(|(_, view)| view)
}

/// The commands that a request would run for these files, given by their numbers in the plan, as lines for a shell; for the first
/// files if none are given.
#[server(prefix = "/api/fn", endpoint = "command_lines", protocol = Reads)]
pub(crate) async fn command_lines(
    request: StartJob,
    files: Vec<(u32, RelPath)>,
    total: u32,
) -> Result<Vec<String>, ApiError> {
    expect_context::<headway_server::Server>().command_lines(&request, &files, total).await
}

/// Every preset.
#[server(prefix = "/api/fn", endpoint = "presets", protocol = Reads)]
pub(crate) async fn presets() -> Result<PresetsByName, ApiError> {
    let presets = expect_context::<headway_server::Server>().presets().await;
    presets.map(|presets| presets.into_iter().collect())
}

/// Stores a request as a preset, unless another one has that name.
#[server(prefix = "/api/fn", endpoint = "add_preset", protocol = Acts)]
pub(crate) async fn add_preset(name: String, request: StartJob) -> Result<PresetsByName, ApiError> {
    let presets = expect_context::<headway_server::Server>().add_preset(name, request).await;
    presets.map(|presets| presets.into_iter().collect())
}

/// Stores a request as a preset, in the place of the one that has that name.
#[server(prefix = "/api/fn", endpoint = "keep_preset", protocol = Acts)]
pub(crate) async fn keep_preset(name: String, request: StartJob) -> Result<PresetsByName, ApiError> {
    let presets = expect_context::<headway_server::Server>().keep_preset(name, request).await;
    presets.map(|presets| presets.into_iter().collect())
}

/// Removes a preset.
#[server(prefix = "/api/fn", endpoint = "remove_preset", protocol = Acts)]
pub(crate) async fn remove_preset(name: String) -> Result<PresetsByName, ApiError> {
    let presets = expect_context::<headway_server::Server>().remove_preset(name).await;
    presets.map(|presets| presets.into_iter().collect())
}

/// Requests a cancel.
#[server(prefix = "/api/fn", endpoint = "cancel_job", protocol = Acts)]
pub(crate) async fn cancel_job(id: JobId) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().cancel(id).await
}

/// Performs an action on a job.
#[server(prefix = "/api/fn", endpoint = "steer_job", protocol = Acts)]
pub(crate) async fn steer_job(id: JobId, action: Action) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().steer(id, action).await
}

/// The output of an item's attempts.
#[server(prefix = "/api/fn", endpoint = "attempts", protocol = Reads)]
pub(crate) async fn attempts(id: JobId, item: u32) -> Result<Vec<AttemptLog>, ApiError> {
    expect_context::<headway_server::Server>().attempts(id, item).await
}

/// One job.
#[server(prefix = "/api/fn", endpoint = "job", protocol = Reads)]
pub(crate) async fn job(id: JobId) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().job(id).await
}

/// The jobs of a recipe over a library whose outputs a setting can name, newest first.
#[server(name = MakersCall, prefix = "/api/fn", endpoint = "makers", protocol = Reads)]
pub(crate) async fn makers(library: String, recipe: String) -> Result<Vec<JobSummary>, ApiError> {
    expect_context::<headway_server::Server>().makers(&library, &recipe).await
}

/// Jobs, newest first, with the sizes of their files.
#[server(prefix = "/api/fn", endpoint = "jobs", protocol = Reads)]
pub(crate) async fn jobs(before: Option<JobId>, limit: u32, find: FindJobs) -> Result<ShownJobs, ApiError> {
    expect_context::<headway_server::Server>().shown_jobs(before, limit, &find).await
}

/// What can be done to all listed jobs that are over.
#[server(name = OverCall, prefix = "/api/fn", endpoint = "over_jobs", protocol = Reads)]
pub(crate) async fn over_jobs(find: FindJobs) -> Result<OverJobs, ApiError> {
    expect_context::<headway_server::Server>().over_jobs(&find).await
}

/// Starts the job `new`, which runs again what failed in a job that is over and what no later job has tried.
#[server(name = RetryCall, prefix = "/api/fn", endpoint = "retry_errors", protocol = Acts)]
pub(crate) async fn retry_errors(id: JobId, new: JobId) -> Result<JobView, ApiError> {
    expect_context::<headway_server::Server>().retry_errors(id, new).await.map(|(_, view)| view)
}

/// A read-only link to a page, with its base path.
#[server(prefix = "/api/fn", endpoint = "reading_link", protocol = Reads)]
pub(crate) async fn reading_link(to: String) -> Result<String, ApiError> {
    expect_context::<LinkMaker>().0(&to)
}

/// How much room Headway's own files take.
#[server(name = RoomCall, prefix = "/api/fn", endpoint = "room", protocol = Reads)]
pub(crate) async fn room() -> Result<Room, ApiError> {
    expect_context::<headway_server::Server>().room().await
}

/// A window of a job's items.
#[server(prefix = "/api/fn", endpoint = "items", protocol = Reads)]
pub(crate) async fn items(id: JobId, after: Option<u32>, limit: u32, filter: ItemFilter) -> Result<ItemPage, ApiError> {
    expect_context::<headway_server::Server>().items(id, after, limit, &filter).await
}

/// The items of a job whose path matches.
#[server(name = NamedCall, prefix = "/api/fn", endpoint = "named", protocol = Reads)]
pub(crate) async fn named(id: JobId, name: String) -> Result<MatchingItems, ApiError> {
    expect_context::<headway_server::Server>().named(id, &name).await
}

/// The groups of a job's items, for its map.
#[server(name = GroupsCall, prefix = "/api/fn", endpoint = "groups", protocol = Reads)]
pub(crate) async fn groups(id: JobId, by: GroupBy) -> Result<ItemGroups, ApiError> {
    expect_context::<headway_server::Server>().groups(id, by).await
}

/// These items of a job.
#[server(prefix = "/api/fn", endpoint = "items_at", protocol = Reads)]
pub(crate) async fn items_at(id: JobId, items: Vec<u32>) -> Result<Vec<ItemView>, ApiError> {
    expect_context::<headway_server::Server>().items_at(id, &items).await
}

/// How many files of a job are done and open, and their bytes.
#[server(name = LoadCall, prefix = "/api/fn", endpoint = "load", protocol = Reads)]
pub(crate) async fn load(id: JobId) -> Result<Load, ApiError> {
    expect_context::<headway_server::Server>().load(id).await
}

/// Why the failed items of a job failed, by cause.
#[server(name = CausesCall, prefix = "/api/fn", endpoint = "causes", protocol = Reads)]
pub(crate) async fn causes(id: JobId) -> Result<Causes, ApiError> {
    expect_context::<headway_server::Server>().causes(id).await
}

/// A job's events after a position.
#[server(name = HistoryCall, prefix = "/api/fn", endpoint = "history", protocol = Reads)]
pub(crate) async fn history(id: JobId, after: Option<Position>) -> Result<HistoryPage, ApiError> {
    expect_context::<headway_server::Server>().history(id, after).await
}

/// A window of a library.
#[server(prefix = "/api/fn", endpoint = "folder", protocol = Reads)]
pub(crate) async fn folder(view: FolderView, refresh: bool) -> Result<FolderPage, ApiError> {
    expect_context::<headway_server::Server>().folder(&view, refresh).await
}

/// Scans a library's disk again.
#[server(prefix = "/api/fn", endpoint = "scan", protocol = Acts)]
pub(crate) async fn scan(library: String) -> Result<(), ApiError> {
    expect_context::<headway_server::Server>().scan(&library)
}
