//! Where a server is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server is: `http://HOST:PORT`, or `unix:PATH` for its socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A base URL, without a slash at its end.
    Http(String),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// The text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid server {0:?}; write http://HOST:PORT, or unix:PATH for its socket")]
pub struct InvalidAddress(String);

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let wrong = || InvalidAddress(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Address::Unix(path.into())) };
        }
        let rest = text.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        if rest.is_empty() || rest.contains(['?', '#', '@', ' ']) {
            return Err(wrong());
        }
        Ok(Address::Http(format!("http://{rest}")))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Http(base) => f.write_str(base),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_base_url_or_a_socket() {
        assert_eq!("http://h:1/".parse(), Ok(Address::Http("http://h:1".into())));
        assert_eq!("http://h/base/".parse(), Ok(Address::Http("http://h/base".into())));
        assert_eq!("unix:/a b/s".parse(), Ok(Address::Unix("/a b/s".into())));
        for wrong in ["", "h:1", "https://h", "unix:", "http://", "http://h?x", "ftp://h"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
