//! Headway below a base path. The path is taken off before anything else looks at a request, the gate included; a request without it,
//! from a proxy that has taken it off or from a program on this machine, is served as well.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use crate::base::Base;

/// The router below this path.
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

/// The request is for the base path itself; the page is there with a slash.
#[derive(Clone)]
struct WithoutSlash(String);

/// Behind the gate: sends who asks for the base path itself to the page.
pub(super) async fn to_page(request: Request, next: Next) -> Response {
    match request.extensions().get::<WithoutSlash>() {
        Some(WithoutSlash(page)) => {
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, page.clone())]).into_response()
        }
        None => next.run(request).await,
    }
}

/// The address without the base, if it lies below.
fn inside(base: &Base, uri: &Uri) -> Option<Uri> {
    let all = uri.path_and_query()?.as_str();
    let rest = base.strip(all).filter(|rest| rest.starts_with('/'))?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}
