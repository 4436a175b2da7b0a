//! Refusals of the API as [`Problem`]s, and of pages as [pages](refusal_page). The outermost layer, so that a refusal
//! before any handler has this form too.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use headway_model::ApiError;
use headway_model::problem::Problem;

use super::error::ErrorResponse;
use super::refusal_page;
use super::request_id::RequestId;

/// The part of the API that answers so.
const BELOW: &str = "/api/v1/";

/// Gives each refusal its form: below `/api/v1`, and for pages.
pub(super) async fn details(request: Request, next: Next) -> Response {
    let id = request.extensions().get().map(|RequestId(id)| id.clone());
    let path = request.uri().path().starts_with(BELOW).then(|| request.uri().path().to_owned());
    let is_opened = refusal_page::is_opened(&request);
    let response = next.run(request).await;
    let Some(error) = response.extensions().get::<ApiError>().cloned() else { return response };
    if is_opened {
        return refusal_page::as_page(response, &error);
    }
    let Some(path) = path else { return response };
    let problem = Problem { request_id: id, ..Problem::new(&error, response.status().as_u16(), &path) };
    let problem = serde_json::to_vec(&problem);
    let body = match problem {
        Ok(body) => body,
        Err(error) => return ErrorResponse(headway_server::error::internal(&error.to_string())).into_response(),
    };
    let (mut head, _) = response.into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(head, Body::from(body))
}
