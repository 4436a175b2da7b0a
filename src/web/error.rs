//! Errors as responses: JSON with a code, a text and the matching status.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use headway_model::ApiError;

/// An error to send as a response.
#[derive(Debug)]
pub(super) struct ErrorResponse(pub(super) ApiError);

impl From<ApiError> for ErrorResponse {
    fn from(error: ApiError) -> Self {
        ErrorResponse(error)
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        with_status(status, self.0)
    }
}

/// The response. It carries the error as an extension, for layers that give it another form.
fn with_status(status: StatusCode, error: ApiError) -> Response {
    let body = Json(error.body());
    (status, Extension(error), body).into_response()
}

/// Responds to a panic in a call with an internal error; the server keeps running.
pub(super) fn fault(panic: &(dyn std::any::Any + Send)) -> Response {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    ErrorResponse(headway_server::error::internal(&format!("a call panicked: {said}"))).into_response()
}

/// The response for a known path with a wrong method.
pub(super) async fn method_not_allowed() -> Response {
    let error = ApiError::Malformed {
        message: "this path does not support that method; docs/protocol.md lists the calls".into(),
    };
    with_status(StatusCode::METHOD_NOT_ALLOWED, error)
}
