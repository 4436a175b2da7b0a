//! Calls about what starts jobs without a person.

use axum::Json;
use axum::extract::State;

use super::RestResult;
use headway_model::summary::{ScheduleView, WatchedFolderView};
use headway_server::Server;

pub(super) async fn schedules(State(server): State<Server>) -> RestResult<Json<Vec<ScheduleView>>> {
    Ok(Json(server.schedule_views().await?))
}

pub(super) async fn watches(State(server): State<Server>) -> RestResult<Json<Vec<WatchedFolderView>>> {
    Ok(Json(server.watched_folder_views().await?))
}
