//! Calls that list the files of libraries.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::RestResult;
use super::parameters::Parameters;
use headway_model::RelPath;
use headway_model::library::{FolderPage, FolderView, OutcomeFilter, RowKey, Sort};
use headway_server::Server;

/// A window of a library, after a scan of the disk if that is quick.
pub(super) async fn files(
    State(server): State<Server>,
    Path(library): Path<String>,
    Parameters(query): Parameters<FilesQuery>,
) -> RestResult<Json<FolderPage>> {
    let view = FolderView {
        library,
        folder: query.folder,
        search: query.search,
        show: query.show,
        sort: query.sort,
        descending: query.descending,
        after: query.after,
        before: query.before,
        skip: query.skip.unwrap_or_default(),
        limit: query.limit.unwrap_or(100),
    };
    Ok(Json(server.folder(&view, true).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FilesQuery {
    /// The folder; the whole library if omitted.
    #[serde(default)]
    folder: RelPath,
    /// A pattern that names must match; with it, all files below the folder are searched.
    #[serde(default)]
    search: String,
    /// Which files, by their last outcome.
    #[serde(default)]
    show: OutcomeFilter,
    /// The order.
    #[serde(default)]
    sort: Sort,
    /// Whether the order is reversed.
    #[serde(default)]
    descending: bool,
    /// Rows after this one: the `next` of the previous page.
    after: Option<RowKey>,
    /// Rows before this one: the `previous` of the next page.
    before: Option<RowKey>,
    /// Rows after this many, from the first one; without `after` and `before`.
    skip: Option<u32>,
    /// How many; 100 if omitted.
    limit: Option<u32>,
}

pub(super) async fn scan(State(server): State<Server>, Path(library): Path<String>) -> RestResult<StatusCode> {
    server.scan(&library)?;
    Ok(StatusCode::ACCEPTED)
}
