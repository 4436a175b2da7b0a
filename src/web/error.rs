//! Errors as answers: JSON with a code, a text and the right status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use headway_model::ApiError;

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) ApiError);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Refusal(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0.body())).into_response()
    }
}

/// A fault of ours: whoever called is told so, and the server goes on.
pub(super) fn fault(panic: &(dyn std::any::Any + Send)) -> Response {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Refusal(headway_server::error::internal(&format!("a call panicked: {said}"))).into_response()
}

/// The path is there, the method is not.
pub(super) async fn method_not_allowed() -> Response {
    let error =
        ApiError::Malformed { message: "this path does not take that method; docs/protocol.md lists the calls".into() };
    (StatusCode::METHOD_NOT_ALLOWED, Json(error.body())).into_response()
}
