//! The two secrets of a server: one for full access, one for read-only access.

use axum::http::{HeaderMap, header};

use super::COOKIE;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Everything that the server offers.
    All,
    /// Read-only: read, and follow.
    Reading,
}

/// The secrets that callers send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The secret of those who may do everything. Without it, everyone who can connect may do everything.
    pub all: Option<String>,
    /// The secret for read-only access.
    pub reading: Option<String>,
}

impl Tokens {
    /// What a caller with these headers may do; `None` if the server does not know it.
    pub(super) fn rights(&self, headers: &HeaderMap) -> Option<Rights> {
        let Some(all) = &self.all else { return Some(Rights::All) };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        // The scheme has no case: <https://www.rfc-editor.org/rfc/rfc9110#section-11.1>.
        let bearer =
            bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if let Some((_, given)) = bearer {
            return self.of_token(given.trim_start());
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let given: Vec<_> = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).collect();
        let has = |token: &str| given.iter().any(|value| same(value, &cookie_value(token)));
        // A browser that has both cookies may do what the stronger one allows.
        match &self.reading {
            _ if has(all) => Some(Rights::All),
            Some(reading) if has(reading) => Some(Rights::Reading),
            _ => None,
        }
    }

    /// What the holder of a token may do.
    pub(super) fn of_token(&self, given: &str) -> Option<Rights> {
        let is = |token: &Option<String>| token.as_ref().is_some_and(|token| same(given, token));
        match (is(&self.all), is(&self.reading)) {
            (true, _) => Some(Rights::All),
            (false, true) => Some(Rights::Reading),
            (false, false) => None,
        }
    }
}

/// Compares in constant time: the time does not depend on where the texts differ.
fn same(given: &str, wanted: &str) -> bool {
    blake3::hash(given.as_bytes()) == blake3::hash(wanted.as_bytes())
}

/// The cookie's value. It is not the token itself, because the token also works for programs.
pub(super) fn cookie_value(token: &str) -> String {
    blake3::derive_key("Headway 2026 login cookie", token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
