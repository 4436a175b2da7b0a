//! The client's files, embedded in the program or read from a folder during development, and the "not found" response.

mod embedded;

use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::App;
use super::error::ErrorResponse;
use super::{pages, rest};
use crate::ui::ClientFiles;
use embedded::Embedded;

/// The source of the client's files.
#[derive(Clone)]
pub struct Assets(AssetSource);

#[derive(Clone)]
enum AssetSource {
    Folder(PathBuf),
    Embedded(Arc<Embedded>),
}

impl Assets {
    /// Files in a folder, read again for each request.
    pub fn folder(path: PathBuf) -> Self {
        Assets(AssetSource::Folder(path))
    }

    /// The files that were embedded when the program was built, if any.
    pub fn embedded() -> Option<Self> {
        Embedded::load().map(|embedded| Assets(AssetSource::Embedded(Arc::new(embedded))))
    }

    /// The id of the client's build: the start of a hash of its files. Blocking.
    ///
    /// # Errors
    /// If a file of the folder cannot be read.
    pub fn build(&self) -> std::io::Result<String> {
        match &self.0 {
            AssetSource::Embedded(embedded) => Ok(embedded.digest.check()),
            AssetSource::Folder(folder) => {
                // A client that was built in one piece has fewer files.
                let read = |path: &str| match std::fs::read(folder.join(path)) {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(Cow::Borrowed(&[][..])),
                    content => content.map(Cow::Owned),
                };
                Ok(embedded::digest(read)?.check())
            }
        }
    }

    /// The paths that pages link to, if they change with the content.
    pub(super) fn client(&self) -> Option<ClientFiles> {
        match &self.0 {
            AssetSource::Folder(_) => None,
            AssetSource::Embedded(embedded) => Some(embedded.client.clone()),
        }
    }

    async fn get(&self, request: &Parts) -> Option<Response> {
        match &self.0 {
            AssetSource::Embedded(embedded) => embedded.get(&request.method, request.uri.path(), &request.headers),
            AssetSource::Folder(folder) => {
                let mut lookup = Request::new(axum::body::Body::empty());
                (*lookup.method_mut(), *lookup.uri_mut()) = (request.method.clone(), request.uri.clone());
                lookup.headers_mut().clone_from(&request.headers);
                let files = ServeDir::new(folder).append_index_html_on_directories(false);
                let files = files.precompressed_br().precompressed_gzip();
                let mut found =
                    files.oneshot(lookup).await.ok().filter(|found| found.status() != StatusCode::NOT_FOUND)?;
                // Browsers must revalidate each time, because the names do not change with the content.
                found.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                Some(found.into_response())
            }
        }
    }
}

/// A file of the client, or else "not found": as JSON under `/api`, as a page elsewhere.
pub(super) async fn fallback(State(app): State<App>, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return ErrorResponse(rest::no_such_call()).into_response();
    }
    let (parts, body) = request.into_parts();
    match app.assets.get(&parts).await {
        Some(found) => found,
        None => pages::page(State(app), Request::from_parts(parts, body)).await,
    }
}
