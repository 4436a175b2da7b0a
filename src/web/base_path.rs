//! Serves Headway below a base path. The path is removed before anything else sees a request, even the gate. A
//! request without it is served as well: it comes from a proxy that has removed the path, or from a program on this
//! machine.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use crate::base::Base;

/// Mounts a router below this path.
pub(super) fn mount(router: Router, base: Base) -> Router {
    if base.as_str().is_empty() {
        return router;
    }
    let service = tower::service_fn(move |mut request: Request<Body>| {
        let (router, base) = (router.clone(), base.clone());
        async move {
            let path = request.uri().path();
            if path == base.as_str() && matches!(*request.method(), Method::GET | Method::HEAD) {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                request.extensions_mut().insert(WithoutSlash(base.to(&format!("/{query}"))));
            }
            if let Some(inside) = inside(&base, request.uri()) {
                *request.uri_mut() = inside;
            }
            router.oneshot(request).await
        }
    });
    Router::new().fallback_service(service)
}

/// Marks a request for the base path without its final slash.
#[derive(Clone)]
struct WithoutSlash(String);

/// Redirects a marked request to the page. Comes after the gate.
pub(super) async fn to_page(request: Request, next: Next) -> Response {
    match request.extensions().get::<WithoutSlash>() {
        Some(WithoutSlash(page)) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, page.clone())]).into_response()
        }
        None => next.run(request).await,
    }
}

/// The address without the base path, if it is below it.
fn inside(base: &Base, uri: &Uri) -> Option<Uri> {
    let all = uri.path_and_query()?.as_str();
    let rest = base.strip(all).filter(|rest| rest.starts_with('/'))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}
