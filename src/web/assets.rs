//! The client's files, from the site folder; and what is not there.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::App;
use super::error::Refusal;
use super::pages;
use crate::model::ApiError;

/// A file of the site folder, compressed if it lies there compressed; else "not found", as JSON under `/api` and as a
/// page elsewhere.
pub(super) async fn fallback(
    State(app): State<App>,
    State(options): State<LeptosOptions>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/api/") {
        return Refusal(ApiError::NotFound { message: "there is no such call; docs/protocol.md lists them".into() })
            .into_response();
    }
    let (parts, body) = request.into_parts();
    let lookup = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let files = ServeDir::new(options.site_root.as_ref())
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    match files.oneshot(lookup).await {
        Ok(mut found) if found.status() != StatusCode::NOT_FOUND => {
            // Revalidated each time: the names do not change with the content.
            found.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            found.into_response()
        }
        _ => pages::not_found(app, Request::from_parts(parts, body)).await,
    }
}
