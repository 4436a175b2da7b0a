//! Server functions: the calls of the pages. Converts Leptos's responses to the form of all other responses, so that a
//! refusal has its own status.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use leptos::context::provide_context;
use leptos::server_fn::axum::get_server_fn_service;

use super::error::ErrorResponse;
use super::rest;
use super::{Access, App};
use crate::api::LinkMaker;
use crate::base::Base;
use headway_model::ApiError;
use headway_server::Server;

pub(super) fn router() -> Router<App> {
    Router::new().route("/api/fn/{*name}", post(call))
}

async fn call(
    State(server): State<Server>,
    State(access): State<Access>,
    State(base): State<Base>,
    mut request: Request,
) -> Result<Response, ErrorResponse> {
    if get_server_fn_service(request.uri().path(), Method::POST).is_none() {
        return Err(rest::no_such_call().into());
    }
    rest::require_json(request.headers())?;
    // Leptos redirects a form without JavaScript back to its page, whatever the result. These calls are not forms.
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request.headers_mut().remove(header::REFERER);
    let links = LinkMaker(Arc::new(move |to| rest::reading_link(&access, &base, to)));
    // A link contains a secret beside a text of the caller, so its size must say nothing about it.
    let is_secret = request.uri().path().ends_with("/reading_link");
    let context = move || {
        provide_context(server.clone());
        provide_context(links.clone());
    };
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await;
    let answer = answer.into_response();
    match answer.status() {
        StatusCode::INTERNAL_SERVER_ERROR => Err(refusal(answer.into_body()).await.into()),
        _ => Ok(if is_secret { rest::uncompressed(answer) } else { answer }),
    }
}

/// The refusal, which Leptos puts into the body.
async fn refusal(body: Body) -> ApiError {
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match serde_json::from_slice(&body) {
        // Leptos reports arguments that it cannot parse as if the server were unreachable.
        Ok(ApiError::Unreachable { .. }) => {
            ApiError::Malformed { message: "the call cannot be parsed; send its arguments as one JSON object".into() }
        }
        Ok(error) => error,
        Err(error) => headway_server::error::internal(&error),
    }
}
