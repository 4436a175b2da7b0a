//! The pages, rendered on the server with the current state, and hydrated in the browser.

use std::sync::Once;
use std::time::Duration;

use any_spawner::Executor;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::ResponseOptions;
use tokio::time::timeout;

use super::error::ErrorResponse;
use super::redact::redacted;
use super::{Access, App, Rights, languages};
use crate::ui::{self, Location, Marks, Page, Titled};
use headway_model::summary::{PageRights, Start};
use headway_model::{ApiError, RelPath};

/// Time limit for rendering a page, and the number of tries.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;

pub(super) fn router() -> Router<App> {
    // Rendering uses Tokio's executor, which is set once for the whole process.
    static EXECUTOR: Once = Once::new();
    EXECUTOR.call_once(|| _ = Executor::init_tokio());
    Page::ROUTES.into_iter().fold(Router::new(), |router, route| router.route(route, get(page)))
}

/// The page at this address, with the current state of all running jobs. If there is no such page, the "not found"
/// page.
///
/// Rarely, under load, a rendering hangs. Then it is dropped, and the page is rendered again.
pub(super) async fn page(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(address) = without_links(&app, &parts.uri).await {
        return Redirect::temporary(&address).into_response();
    }
    for _ in 0..TRIES {
        let request = Request::from_parts(parts.clone(), Body::empty());
        match timeout(RENDER_TIMEOUT, rendered(&app, request)).await {
            Ok(answer) => return answer.unwrap_or_else(|error| ErrorResponse(error).into_response()),
            Err(_) => tracing::warn!(page = redacted(&parts.uri), "a rendering hung; rendering the page again"),
        }
    }
    let text = "This page cannot be rendered at the moment. Please reload it.";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

/// The address of the folder to which the address of a library's page leads through a link, if it does: a file has one
/// name, however a page was reached.
async fn without_links(app: &App, uri: &Uri) -> Option<String> {
    if Page::at(uri.path()) != Page::Library {
        return None;
    }
    let Query(said) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let value = |name: &str| said.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    // The page itself reports an invalid path.
    let named = value("folder")?.parse::<RelPath>().ok()?;
    // Without a library, the page shows the first.
    let library = match value("library") {
        Some(library) => library.clone(),
        None => app.server.libraries().into_iter().next()?.name,
    };
    // The page itself says why the folder cannot be read.
    let folder = app.server.folder_without_links(&library, &named).await.ok()?;
    if folder == named {
        return None;
    }
    // The row at which the page begins is one of the folder that was named.
    let kept = said.iter().filter(|(name, _)| !["folder", "after", "before"].contains(&name.as_str()));
    let kept = kept.map(|(name, value)| format!("{}={}&", ui::query_value(name), ui::query_value(value)));
    let query = kept.collect::<String>() + "folder=" + &ui::query_value(folder.as_str());
    Some(app.base.to(&format!("/?{query}")))
}

/// The whole page, with its title in its head.
async fn rendered(app: &App, request: Request) -> Result<Response, ApiError> {
    let titled = Titled::default();
    let status = status(request.uri());
    let rights = page_rights(&app.access, request.extensions().get().copied());
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let marks = languages::marks(accepted.unwrap_or_default());
    let context = context(app, request.uri(), (rights, marks), titled.clone()).await?;
    let (options, files) = (app.options.clone(), app.assets.client());
    let document = move || ui::shell(options.clone(), files.clone());
    let (mut head, body) = leptos_axum::render_app_async_with_context(context, document)(request).await.into_parts();
    if head.status.is_success() {
        head.status = status;
    }
    let html = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let html = titled.into_head(&String::from_utf8_lossy(&html));
    Ok(Response::from_parts(head, html.into()))
}

fn status(uri: &Uri) -> StatusCode {
    match Page::at(uri.path()) {
        Page::Nowhere => StatusCode::NOT_FOUND,
        Page::Library | Page::Jobs | Page::Job => StatusCode::OK,
    }
}

/// What a page can do for a caller with these rights.
fn page_rights(access: &Access, caller: Option<Rights>) -> PageRights {
    match caller {
        Some(Rights::Reading) | None => PageRights::Reading,
        Some(Rights::All) if access.reading_link("/").is_some() => PageRights::Sharing,
        Some(Rights::All) => PageRights::All,
    }
}

/// The context of every rendering: the server, the initial state, the address, the marks in numbers, the headers of the response.
async fn context(
    app: &App,
    uri: &Uri,
    (rights, marks): (PageRights, Marks),
    titled: Titled,
) -> Result<impl Fn() + Clone + Send + Sync + 'static, ApiError> {
    let start = Start { rights, ..app.server.page_start().await? };
    let (server, base) = (app.server.clone(), app.base.clone());
    let location = Location { path: uri.path().into(), query: uri.query().unwrap_or_default().into() };
    let developing = std::env::var_os("LEPTOS_WATCH").map(|_| app.options.reload_port);
    Ok(move || {
        provide_context(server.clone());
        provide_context(start.clone());
        provide_context(base.clone());
        provide_context(location.clone());
        provide_context(titled.clone());
        provide_context(marks);
        protect(developing);
    })
}

/// Sets what the page may load, and forbids caching it.
fn protect(developing: Option<u32>) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce.to_string(), developing)) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Allows only Headway's own files and the inline scripts of this response; under `cargo leptos watch`, also the
/// WebSocket on this port that triggers reloads.
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
