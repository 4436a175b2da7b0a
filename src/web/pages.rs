//! The pages, rendered on the server with the true state in them, and hydrated in the browser.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};

use super::App;
use super::error::Refusal;
use crate::server::Server;
use crate::ui;

pub(super) fn router() -> Router<App> {
    // Listed once: listing renders the whole app.
    let routes = generate_route_list(ui::App);
    let listed = routes.clone();
    let page = move |State(app): State<App>, request: Request<Body>| page(app, listed.clone(), request);
    Router::new().leptos_routes_with_handler(routes, page).route("/api/fn/{*name}", post(call))
}

async fn page(app: App, routes: Vec<AxumRouteListing>, request: Request<Body>) -> Response {
    let start = match app.server.page_start().await {
        Ok(start) => start,
        Err(error) => return Refusal(error).into_response(),
    };
    let server = app.server.clone();
    let context = move || {
        provide_context(server.clone());
        provide_context(start.clone());
        protect();
    };
    let (options, files) = (app.options.clone(), app.assets.client());
    let document = move || ui::shell(options.clone(), files.clone());
    let render = leptos_axum::render_route_with_context(routes, context, document);
    render(State(app.options), request).await.into_response()
}

/// The page that says so, with the state of everything that runs.
pub(super) async fn not_found(app: App, request: Request<Body>) -> Response {
    let start = match app.server.page_start().await {
        Ok(start) => start,
        Err(error) => return Refusal(error).into_response(),
    };
    let server = app.server.clone();
    let context = move || {
        provide_context(server.clone());
        provide_context(start.clone());
        protect();
    };
    let (options, files) = (app.options.clone(), app.assets.client());
    let document = move || ui::shell(options.clone(), files.clone());
    let render = leptos_axum::render_app_async_with_context(context, document);
    let mut response = render(request).await.into_response();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn call(State(server): State<Server>, request: Request<Body>) -> impl IntoResponse {
    leptos_axum::handle_server_fns_with_context(move || provide_context(server.clone()), request).await
}

/// Nothing but our own files, and the inline scripts of this very answer.
fn protect() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; img-src 'self' data:; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
