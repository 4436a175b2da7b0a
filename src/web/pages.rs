//! The pages, rendered on the server with the current state, and hydrated in the browser.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use tokio::time::timeout;

use super::App;
use super::below;
use super::error::Refusal;
use crate::base::Base;
use crate::ui;
use headway_model::ApiError;

/// Time limit for rendering a page, and the number of tries.
const PATIENCE: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

pub(super) fn router() -> Router<App> {
    // Listed only once, because listing renders the whole app.
    let routes = generate_route_list(ui::App);
    let listed = routes.clone();
    let page = move |State(app): State<App>, request: Request<Body>| page(app, listed.clone(), request);
    Router::new().leptos_routes_with_handler(routes, page)
}

async fn page(app: App, routes: Vec<AxumRouteListing>, request: Request<Body>) -> Response {
    let base = app.base.clone();
    let render = move |request| {
        let (app, routes) = (app.clone(), routes.clone());
        async move {
            let context = context(&app).await?;
            let (options, files) = (app.options.clone(), app.assets.client());
            let document = move || ui::shell(options.clone(), files.clone());
            let render = leptos_axum::render_route_with_context(routes, context, document);
            Ok(render(State(app.options), request).await.into_response())
        }
    };
    whole(&base, request, render).await
}

/// The "not found" page, with the state of everything that runs.
pub(super) async fn not_found(app: App, request: Request<Body>) -> Response {
    let base = app.base.clone();
    let render = move |request| {
        let app = app.clone();
        async move {
            let context = context(&app).await?;
            let document = move || ui::shell(app.options.clone(), app.assets.client());
            Ok(leptos_axum::render_app_async_with_context(context, document)(request).await.into_response())
        }
    };
    let mut response = whole(&base, request, render).await;
    if response.status().is_success() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// The context of every rendering: the server, the initial state, the response's headers.
async fn context(app: &App) -> Result<impl Fn() + Clone + Send + Sync + 'static, ApiError> {
    let start = app.server.page_start().await?;
    let (server, base) = (app.server.clone(), app.base.clone());
    let developing = std::env::var_os("LEPTOS_WATCH").map(|_| app.options.reload_port);
    Ok(move || {
        provide_context(server.clone());
        provide_context(start.clone());
        provide_context(base.clone());
        protect(developing);
    })
}

/// Renders a whole page. Rarely, under load, a rendering hangs: it is dropped, and the page is rendered again.
async fn whole<F>(base: &Base, request: Request<Body>, render: impl Fn(Request<Body>) -> F) -> Response
where
    F: Future<Output = Result<Response, ApiError>>,
{
    let (mut parts, _) = request.into_parts();
    parts.uri = below::outside(base, &parts.uri).unwrap_or(parts.uri);
    for _ in 0..TRIES {
        let rendering = async {
            let answer = render(Request::from_parts(parts.clone(), Body::empty())).await;
            let (head, body) = answer.unwrap_or_else(|error| Refusal(error).into_response()).into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            Response::from_parts(head, body.into())
        };
        match timeout(PATIENCE, rendering).await {
            Ok(response) => return response,
            Err(_) => tracing::warn!(page = %parts.uri, "a rendering hung; rendering the page again"),
        }
    }
    let text = "This page cannot be rendered at the moment. Please reload it.";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

/// Sets what the page may load, and forbids caching it.
fn protect(developing: Option<u32>) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce.to_string(), developing)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Allows only our own files and the inline scripts of this response; under `cargo leptos watch`, also the WebSocket on
/// this port that triggers reloads.
fn policy(nonce: &str, developing: Option<u32>) -> String {
    let watch = developing
        .map_or_else(String::new, |port| format!("connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}; "));
    format!(
        "default-src 'self'; {watch}script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; img-src 'self' data:; \
         object-src 'none'; form-action 'self'"
    )
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn only_a_page_under_development_may_call_elsewhere() {
        assert!(!policy("n", None).contains("connect-src"));
        assert!(policy("n", Some(3001)).contains("connect-src 'self' ws://127.0.0.1:3001 ws://localhost:3001;"));
    }
}
