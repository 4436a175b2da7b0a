//! Access control: one gate in front of every route decides who may call.
//!
//! A page anywhere on the web can send requests to loopback. The gate therefore refuses a foreign Host everywhere, and
//! requests from foreign pages under `/api`. Pages can be reached by link. A request that repeats a header, and so
//! could be read in two ways, is refused before it is parsed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures::FutureExt;

use super::App;
use super::error::{ErrorResponse, fault, method_not_allowed};
use super::probes::is_probe;
use crate::base::Base;
use headway_model::ApiError;

const COOKIE: &str = "headway";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers that decide about access. If one came twice, some parsers would use the first and others the last. (Cookies
/// are not listed: every one is checked.)
const ONCE: [HeaderName; 7] = [
    header::HOST,
    header::ORIGIN,
    SEC_FETCH_SITE,
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    HeaderName::from_static("last-event-id"),
];

/// The part of the content security policy that every response has, whatever its own policy says.
const ALWAYS: &str = "base-uri 'none'; frame-ancestors 'none'";

/// Who may call: the host names of this server, and its secret, if any. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    inner: Arc<Allowed>,
}

#[derive(Debug)]
struct Allowed {
    hosts: BTreeSet<String>,
    origins: BTreeSet<String>,
    token: Option<String>,
    /// Whether only the user who runs the server can reach it here.
    is_owner: bool,
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid origin {0:?}; write it as https://photos.example.org, without a path")]
pub struct BadOrigin(String);

impl Access {
    /// Allows the loopback names with the bound port, the bound address itself, and these origins.
    pub fn new(bound: SocketAddr, origins: &[String], token: Option<String>) -> Result<Self, BadOrigin> {
        let port = bound.port();
        let mut hosts: BTreeSet<String> =
            ["localhost", "127.0.0.1", "[::1]"].iter().map(|name| format!("{name}:{port}")).collect();
        if !bound.ip().is_unspecified() {
            hosts.insert(bound.to_string());
        }
        let mut allowed: BTreeSet<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        for origin in origins {
            let (scheme, host) = origin.split_once("://").ok_or_else(|| BadOrigin(origin.clone()))?;
            let usual_port = match scheme {
                "https" => ":443",
                "http" => ":80",
                _ => return Err(BadOrigin(origin.clone())),
            };
            // In the form that browsers use.
            let host = host.strip_suffix(usual_port).unwrap_or(host).to_ascii_lowercase();
            if host.is_empty() || host.contains('/') {
                return Err(BadOrigin(origin.clone()));
            }
            allowed.insert(format!("{scheme}://{host}"));
            hosts.insert(host);
        }
        Ok(Access { inner: Arc::new(Allowed { hosts, origins: allowed, token, is_owner: false }) })
    }

    /// Allows whoever can connect: for a socket that only the user who runs the server can open. Browsers do not speak through one.
    pub(super) fn owner() -> Self {
        let (hosts, origins) = (BTreeSet::new(), BTreeSet::new());
        Access { inner: Arc::new(Allowed { hosts, origins, token: None, is_owner: true }) }
    }

    fn judge(&self, request: &Request) -> Result<(), ApiError> {
        let (uri, headers) = (request.uri(), request.headers());
        let foreign = |message: String| Err(ApiError::Foreign { message });
        let malformed = |message: String| Err(ApiError::Malformed { message });
        if let Some(twice) = ONCE.iter().find(|name| headers.get_all(*name).iter().count() > 1) {
            return malformed(format!("the header {twice} appears twice; send it once"));
        }
        if !uri.path().starts_with('/') {
            return malformed("the request has no path; a path begins with /".into());
        }
        // An absolute URI in the request line also names the host.
        let named = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
        let hosts: Vec<_> = named.into_iter().chain(text(headers, header::HOST)).collect();
        // Prometheus calls by address, and shows the token if there is one.
        let is_scrape = uri.path() == "/metrics" && self.inner.token.is_some();
        if self.inner.is_owner || is_probe(uri.path()) || is_scrape {
            return Ok(());
        }
        if hosts.is_empty() {
            return malformed("the header Host is missing; it names the server that the request is for".into());
        }
        if let Some(host) = hosts.iter().find(|host| !self.inner.hosts.contains(*host)) {
            return foreign(format!(
                "this server does not accept the host name {host:?}; to allow it, start Headway with --origin"
            ));
        }
        if !is_api(uri.path()) {
            return Ok(());
        }
        if let Some(origin) = text(headers, header::ORIGIN).filter(|origin| !self.inner.origins.contains(origin)) {
            return foreign(format!(
                "calls from pages of {origin:?} are not allowed; to allow them, start Headway with --origin"
            ));
        }
        match text(headers, SEC_FETCH_SITE).as_deref() {
            None | Some("same-origin" | "none") => Ok(()),
            Some(site) => foreign(format!("calls from a {site} page are not allowed")),
        }
    }

    /// Whether callers reach this host only by https, so that the cookie never needs to be sent in the clear.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        let has = |scheme: &str, host: &str| self.inner.origins.contains(&format!("{scheme}://{host}"));
        text(headers, header::HOST).is_some_and(|host| has("https", &host) && !has("http", &host))
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.inner.token else { return true };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(given) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
            return same(given, token);
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == COOKIE && same(value, &cookie_value(token)))
    }
}

/// A header in lower case, with `?` in place of anything that is not text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase())
}

/// Compares in constant time: the time does not depend on where the texts differ.
fn same(given: &str, wanted: &str) -> bool {
    blake3::hash(given.as_bytes()) == blake3::hash(wanted.as_bytes())
}

/// The cookie's value. It is not the token itself, because the token also works for programs.
fn cookie_value(token: &str) -> String {
    blake3::derive_key("Headway 2026 login cookie", token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The gate: checks the caller, then sets the headers that every response has.
pub(super) async fn gate(State(access): State<Access>, request: Request, next: Next) -> Response {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    let judged = access.judge(&request).and_then(|()| {
        if path == "/login" || is_probe(&path) || access.is_known(request.headers()) {
            return Ok(());
        }
        Err(ApiError::NoLogin {
            message: "open the link that Headway printed when it started, or send its token as a Bearer token".into(),
        })
    });
    let mut response = match judged {
        // These methods are for proxies or have no path; no route handles them.
        Ok(()) if method == Method::CONNECT || method == Method::TRACE => method_not_allowed().await,
        Ok(()) => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(panic) => fault(panic.as_ref()),
        },
        Err(error) => {
            // Escaped by Debug: a refused caller must not write into our log.
            tracing::warn!(path = ?path, %method, reason = ?error.to_string(), "refused");
            ErrorResponse(error).into_response()
        }
    };
    protect(response.headers_mut());
    response
}

/// Sets the headers that every response has.
pub(super) fn protect(headers: &mut HeaderMap) {
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

#[derive(serde::Deserialize)]
struct Login {
    token: String,
}

/// Exchanges the token of the printed link for a cookie.
async fn login(
    State(access): State<Access>,
    State(base): State<Base>,
    headers: HeaderMap,
    login: Result<Query<Login>, QueryRejection>,
) -> Response {
    let Some(token) = &access.inner.token else { return Redirect::to(&base.to("/")).into_response() };
    if !login.is_ok_and(|Query(login)| same(&login.token, token)) {
        let message = "this is not the link that Headway printed when it started".into();
        return ErrorResponse(ApiError::NoLogin { message }).into_response();
    }
    let secure = if access.is_secure(&headers) { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={}; Path={}; HttpOnly; SameSite=Lax{secure}", cookie_value(token), base.cookie_path());
    ([(header::SET_COOKIE, cookie)], Redirect::to(&base.to("/"))).into_response()
}

pub(super) fn router() -> Router<App> {
    Router::new().route("/login", get(login))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 3000));
        for wrong in ["photos.example.org", "https://", "https://x.org/", "ftp://x.org"] {
            assert!(Access::new(bound, &[wrong.into()], None).is_err(), "{wrong}");
        }
        assert!(Access::new(bound, &["https://x.org:8443".into()], None).is_ok());
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_like_every_other() {
        let access = Access::new(SocketAddr::from(([127, 0, 0, 1], 3000)), &[], None).expect("no origins");
        let panicking = get(async || -> Response { panic!("behind the gate") });
        let router: Router =
            Router::new().route("/", panicking).layer(axum::middleware::from_fn_with_state(access, gate));
        let request = Request::builder().uri("/").header("host", "localhost:3000").body(axum::body::Body::empty());
        let answer = tower::ServiceExt::oneshot(router, request.expect("a request")).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 500);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        let error: ApiError = serde_json::from_slice(&body).expect("an error");
        assert!(matches!(error, ApiError::Internal { .. }), "{error}");
    }

    #[test]
    fn an_origin_is_known_as_a_browser_names_it() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 3000));
        let access = Access::new(bound, &["https://X.org:443".into(), "http://y.org:80".into()], None);
        let allowed = access.expect("origins").inner;
        assert!(allowed.hosts.contains("x.org") && allowed.origins.contains("https://x.org"));
        assert!(allowed.hosts.contains("y.org") && allowed.origins.contains("http://y.org"));
    }
}
