//! Calls about what starts jobs without a person.

use axum::Json;
use axum::extract::State;

use headway_model::summary::{ScheduleView, WatchedFolderView};
use headway_server::Server;

pub(super) async fn schedules(State(server): State<Server>) -> Json<Vec<ScheduleView>> {
    Json(server.schedules())
}

pub(super) async fn watches(State(server): State<Server>) -> Json<Vec<WatchedFolderView>> {
    Json(server.watched_folders())
}
