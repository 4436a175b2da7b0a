//! The call that makes links with the read-only token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Access;
use super::{RestResult, request};
use crate::base::Base;
use headway_model::ApiError;

/// The target of a link.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkRequest {
    /// The address of a page, such as `/jobs/ID`, or `/jobs/ID?at=12` for a moment of a job; anything else leads to the library.
    to: String,
}

/// A link.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReadingLink {
    /// Its path and query, to be put behind the address under which browsers open Headway.
    path: String,
}

/// Makes a link with which a browser can look at a page, and change nothing.
pub(super) async fn make(
    State(access): State<Access>,
    State(base): State<Base>,
    headers: HeaderMap,
    body: Bytes,
) -> RestResult<Response> {
    let LinkRequest { to } = request(&headers, &body)?;
    Ok(uncompressed(Json(ReadingLink { path: reading_link(&access, &base, &to)? }).into_response()))
}

/// Keeps proxies from compressing the answer.
pub(in crate::web) fn uncompressed(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    answer
}

/// The link with its base path.
pub(in crate::web) fn reading_link(access: &Access, base: &Base, to: &str) -> Result<String, ApiError> {
    let link = access.reading_link(to).map(|link| base.to(&link));
    let why = if access.is_owner() {
        "links are made at the server's address, not at its socket"
    } else {
        "this server has no read-only token; start it with --read-token-file"
    };
    link.ok_or_else(|| ApiError::NotFound { message: why.into() })
}
