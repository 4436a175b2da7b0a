//! The gate as a layer in front of every route, and the headers that every response has.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::super::error::{ErrorResponse, fault, method_not_allowed};
use super::super::redact::redacted;
use super::Access;

/// The part of the content security policy that every response has, whatever its own policy says.
const ALWAYS: &str = "base-uri 'none'; frame-ancestors 'none'";

/// The gate: checks the caller, then sets the headers that every response has.
pub(in crate::web) async fn gate(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let (path, method) = (redacted(request.uri()), request.method().clone());
    // Before they are compared, so that a stream notices every later change.
    let tokens = access.tokens();
    let judged = access.authorize(&request).and_then(|()| access.rights(&request));
    let mut response = match judged {
        // These methods are for proxies or have no path; no route handles them.
        Ok(_) if method == Method::CONNECT || method == Method::TRACE => method_not_allowed().await,
        Ok(rights) => {
            request.extensions_mut().insert(rights);
            request.extensions_mut().insert(tokens);
            match AssertUnwindSafe(next.run(request)).catch_unwind().await {
                Ok(response) => response,
                Err(panic) => fault(panic.as_ref()),
            }
        }
        Err(error) => {
            // As texts, which every form of the log escapes: a refused caller must not write into it.
            tracing::warn!(path, %method, reason = error.to_string(), "refused");
            ErrorResponse(error).into_response()
        }
    };
    protect(response.headers_mut());
    response
}

/// Sets the headers that every response has.
pub(in crate::web) fn protect(headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Only the client's files allow caching.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let own = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = format!("{}; {ALWAYS}", own.unwrap_or("default-src 'none'"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use headway_model::ApiError;

    #[tokio::test]
    async fn a_panic_is_an_answer_like_every_other() {
        let access = Access::new(SocketAddr::from(([127, 0, 0, 1], 3000)), &[], None).expect("no origins");
        let panicking = axum::routing::get(async || -> Response { panic!("behind the gate") });
        let router: axum::Router =
            axum::Router::new().route("/", panicking).layer(axum::middleware::from_fn_with_state(access, gate));
        let request = Request::builder().uri("/").header("host", "localhost:3000").body(axum::body::Body::empty());
        let answer = tower::ServiceExt::oneshot(router, request.expect("a request")).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 500);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        let error: ApiError = serde_json::from_slice(&body).expect("an error");
        assert!(matches!(error, ApiError::Internal { .. }), "{error}");
    }
}
