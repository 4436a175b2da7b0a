//! Who may call. One gate stands before every route.
//!
//! A page anywhere on the web can send requests to loopback, so a foreign Host is refused everywhere, and under `/api`
//! so is what a foreign page sends. Pages may be reached by link.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::App;
use super::error::Refusal;
use crate::model::ApiError;

const COOKIE: &str = "headway";

/// Who may call: the names this server answers to, and the secret it wants, if any. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Access {
    inner: Arc<Allowed>,
}

#[derive(Debug)]
struct Allowed {
    hosts: BTreeSet<String>,
    origins: BTreeSet<String>,
    token: Option<String>,
}

/// The text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no origin; give it as https://photos.example.org, without a path")]
pub struct BadOrigin(String);

impl Access {
    /// The loopback names with the bound port, the bound address itself, and these origins.
    pub fn new(bound: SocketAddr, origins: &[String], token: Option<String>) -> Result<Self, BadOrigin> {
        let port = bound.port();
        let mut hosts: BTreeSet<String> =
            ["localhost", "127.0.0.1", "[::1]"].iter().map(|name| format!("{name}:{port}")).collect();
        if !bound.ip().is_unspecified() {
            hosts.insert(bound.to_string());
        }
        let mut allowed: BTreeSet<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        for origin in origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let host =
                host.filter(|host| !host.is_empty() && !host.contains('/')).ok_or_else(|| BadOrigin(origin.clone()))?;
            hosts.insert(host.to_ascii_lowercase());
            allowed.insert(origin.to_ascii_lowercase());
        }
        Ok(Access { inner: Arc::new(Allowed { hosts, origins: allowed, token }) })
    }

    fn judge(&self, path: &str, headers: &HeaderMap) -> Result<(), ApiError> {
        let foreign = |message: String| Err(ApiError::Foreign { message });
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
        let host = text(header::HOST).unwrap_or_default();
        if !self.inner.hosts.contains(&host) {
            return foreign(format!(
                "this server does not answer to the name {host:?}; if it should, start it with --origin"
            ));
        }
        if !is_api(path) {
            return Ok(());
        }
        if let Some(origin) = text(header::ORIGIN).filter(|origin| !self.inner.origins.contains(origin)) {
            return foreign(format!(
                "calls from pages of {origin:?} are not allowed; if they should be, start Headway with --origin"
            ));
        }
        match text(HeaderName::from_static("sec-fetch-site")).as_deref() {
            None | Some("same-origin" | "none") => Ok(()),
            Some(site) => foreign(format!("calls from a {site} page are not allowed")),
        }
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

/// Compares in a time that does not depend on where the texts differ.
fn same(given: &str, wanted: &str) -> bool {
    blake3::hash(given.as_bytes()) == blake3::hash(wanted.as_bytes())
}

/// What the cookie holds: not the token itself, which also works for programs.
fn cookie_value(token: &str) -> String {
    blake3::derive_key("Headway 2026 login cookie", token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// The gate: judges the caller, then sets what every answer carries.
pub(super) async fn gate(State(access): State<Access>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let api = is_api(&path);
    let judged = access.judge(&path, request.headers()).and_then(|()| {
        if path == "/login" || access.is_known(request.headers()) {
            return Ok(());
        }
        Err(ApiError::NoLogin {
            message: "open the link that Headway printed at its start, or send its token as a Bearer token".into(),
        })
    });
    let mut response = match judged {
        Ok(()) => next.run(request).await,
        Err(error) => {
            // Escaped by Debug: a refused caller must not write into our log.
            tracing::warn!(path = ?path, method = %request.method(), reason = ?error.to_string(), "refused");
            Refusal(error).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

#[derive(serde::Deserialize)]
struct Login {
    token: String,
}

/// Exchanges the token of the printed link for a cookie.
async fn login(State(access): State<Access>, Query(login): Query<Login>) -> Response {
    match &access.inner.token {
        Some(token) if same(&login.token, token) => {
            let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", cookie_value(token));
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Some(_) => {
            Refusal(ApiError::NoLogin { message: "this link is not the one that Headway printed at its start".into() })
                .into_response()
        }
        None => Redirect::to("/").into_response(),
    }
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
}
