//! Access control: one gate in front of every route decides who may call.
//!
//! A page anywhere on the web can send requests to loopback. The gate therefore refuses a foreign Host everywhere, and
//! requests from foreign pages under `/api`. Pages can be reached by link. A request that repeats a header, and so
//! could be read in two ways, is refused before it is parsed. A read-only caller can make only the calls that are known
//! to change nothing.

mod layer;
mod login;
mod reading;
mod tokens;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};
use tokio::sync::watch;

use super::probes::is_probe;
use headway_model::ApiError;
pub(super) use layer::{gate, protect};
pub(super) use login::router;
pub use tokens::{Rights, Tokens};

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

/// Who may call: the host names of this server, and its secrets, if any. Cheap to clone; all clones change together.
#[derive(Debug, Clone)]
pub struct Access {
    inner: Arc<Allowed>,
}

#[derive(Debug)]
struct Allowed {
    hosts: BTreeSet<String>,
    origins: BTreeSet<String>,
    /// They can change while the server runs.
    tokens: watch::Sender<Tokens>,
    /// Whether only the user who runs the server can reach it here.
    is_owner: bool,
}

/// Whether a host of an origin names a port. (An IPv6 address stands in brackets.)
fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'))
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
            let default_port = match scheme {
                "https" => ":443",
                "http" => ":80",
                _ => return Err(BadOrigin(origin.clone())),
            };
            let host = host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase();
            if host.is_empty() || host.contains('/') {
                return Err(BadOrigin(origin.clone()));
            }
            // Browsers leave out the default port; proxies and programs can name it.
            let named = (!has_port(&host)).then(|| format!("{host}{default_port}"));
            for host in [host].into_iter().chain(named) {
                allowed.insert(format!("{scheme}://{host}"));
                hosts.insert(host);
            }
        }
        let tokens = watch::Sender::new(Tokens { all: token, reading: None });
        Ok(Access { inner: Arc::new(Allowed { hosts, origins: allowed, tokens, is_owner: false }) })
    }

    /// From now on, callers need these secrets. If they have changed, streams end, so that their readers call again.
    /// Returns whether they have changed.
    pub fn admit(&self, tokens: Tokens) -> bool {
        self.inner.tokens.send_if_modified(|known| {
            let is_other = *known != tokens;
            *known = tokens;
            is_other
        })
    }

    /// The secrets. Wakes whenever they change.
    pub(super) fn tokens(&self) -> watch::Receiver<Tokens> {
        self.inner.tokens.subscribe()
    }

    /// Allows every caller that can connect: for a socket that only the user who runs the server can open. Browsers do
    /// not speak through one.
    pub(super) fn owner() -> Self {
        let (hosts, origins) = (BTreeSet::new(), BTreeSet::new());
        let tokens = watch::Sender::new(Tokens::default());
        Access { inner: Arc::new(Allowed { hosts, origins, tokens, is_owner: true }) }
    }

    /// Whether this allows every caller that can connect.
    pub(super) fn is_owner(&self) -> bool {
        self.inner.is_owner
    }

    fn authorize(&self, request: &Request) -> Result<(), ApiError> {
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
        let is_scrape = uri.path() == "/metrics" && self.inner.tokens.borrow().all.is_some();
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

    /// What the caller may do, if it may make this request.
    fn rights(&self, request: &Request) -> Result<Rights, ApiError> {
        let path = request.uri().path();
        if path == "/login" || is_probe(path) {
            return Ok(Rights::Reading);
        }
        match self.inner.tokens.borrow().rights(request.headers()) {
            None => Err(ApiError::NoLogin {
                message: "open the link that Headway printed when it started, or send its token as a Bearer token"
                    .into(),
            }),
            Some(Rights::Reading) if !reading::only_reads(request.method(), path) => Err(ApiError::ReadOnly {
                message: "this call has the read-only token; the person who runs Headway has the other one".into(),
            }),
            Some(rights) => Ok(rights),
        }
    }
}

/// A header in lower case, with `?` in place of anything that is not text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase())
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
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

    #[test]
    fn an_origin_is_known_as_a_browser_names_it() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 3000));
        let access = Access::new(bound, &["https://X.org:443".into(), "http://y.org:80".into()], None);
        let allowed = access.expect("origins").inner;
        assert!(allowed.hosts.contains("x.org") && allowed.origins.contains("https://x.org"));
        assert!(allowed.hosts.contains("x.org:443") && !allowed.hosts.contains("x.org:80"));
        assert!(!has_port("[2001:db8::1]") && has_port("[2001:db8::1]:8443") && has_port("x.org:8443"));
        assert!(allowed.hosts.contains("y.org") && allowed.origins.contains("http://y.org"));
    }
}
