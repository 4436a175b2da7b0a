//! The path under which a proxy serves Headway, such as `/headway`. It is the prefix of every link, call, stream and
//! file.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use leptos::prelude::use_context;

/// A base path: nothing, or a path that begins with a slash and does not end with one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base(Arc<str>);

/// The text is not a base path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid base path {0:?}: {1}")]
pub struct InvalidBase(String, &'static str);

/// The first segments of Headway's own paths. A base path with such a name would be ambiguous.
const OWN: [&str; 5] = ["api", "jobs", "login", "pkg", "favicon.svg"];

/// The base path of the page that this program runs in; never set on a server, which can have several.
static BASE_OF_PAGE: OnceLock<Base> = OnceLock::new();

impl FromStr for Base {
    type Err = InvalidBase;

    fn from_str(text: &str) -> Result<Self, InvalidBase> {
        let wrong = |why| Err(InvalidBase(text.into(), why));
        if matches!(text, "" | "/") {
            return Ok(Base::default());
        }
        let Some(inside) = text.strip_prefix('/') else { return wrong("it begins with a slash, as in /headway") };
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        for part in inside.split('/') {
            if matches!(part, "" | "." | "..") {
                return wrong("a part of it is empty or made of dots");
            }
            if !part.bytes().all(is_plain) {
                return wrong("it consists of letters, digits and -_.~ between slashes, without a host or a query");
            }
        }
        match inside.split('/').next() {
            Some(first) if OWN.contains(&first) => wrong("Headway has paths of its own that begin with it"),
            _ => Ok(Base(format!("/{inside}").into())),
        }
    }
}

impl Base {
    /// The base path itself, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of Headway's paths, beginning with a slash, as browsers see it.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// A path as browsers see it, without the base path; `None` if it is not below the base path.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// The path for which a browser sends the cookie of this base.
    pub fn cookie_path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// Declares that this program runs in a page with this base path.
    pub(crate) fn of_page(self) {
        BASE_OF_PAGE.set(self).ok();
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The base path of the page that is rendered, or that this program runs in.
pub fn base() -> Base {
    use_context().or_else(|| BASE_OF_PAGE.get().cloned()).unwrap_or_default()
}

/// One of Headway's paths, as this page must call it.
pub fn to(path: &str) -> String {
    base().to(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_a_plain_path() {
        for (text, wanted) in [("", ""), ("/", ""), ("/headway", "/headway"), ("/a/b-1.x/", "/a/b-1.x")] {
            assert_eq!(text.parse::<Base>().map(|base| base.to_string()), Ok(wanted.to_owned()), "{text:?}");
        }
        for text in [
            "headway",
            "//",
            "/a//b",
            "/..",
            "/a/../b",
            "/.",
            "/a b",
            "/a?b",
            "/a#b",
            "/%41",
            "/ä",
            "https://x.org/a",
            "//x.org",
            "/{a}",
            "/api",
            "/jobs/x",
            "/login",
            "/pkg",
        ] {
            let refused = text.parse::<Base>().expect_err(text);
            assert!(refused.to_string().contains(&format!("{text:?}")), "{refused}");
        }
    }

    #[test]
    fn only_what_lies_below_is_stripped() {
        let base: Base = "/headway".parse().expect("a base");
        assert_eq!(base.to("/jobs"), "/headway/jobs");
        assert_eq!(base.strip("/headway/jobs"), Some("/jobs"));
        assert_eq!(base.strip("/headway"), Some(""));
        assert_eq!(base.strip("/headwayx/jobs"), None);
        assert_eq!(base.strip("/jobs"), None);
        assert_eq!(Base::default().strip("/jobs"), Some("/jobs"));
    }
}
