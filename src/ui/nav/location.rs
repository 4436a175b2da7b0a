//! Addresses, and the pages that they lead to.

use crate::base::{base, to};

/// An address in Headway: a path below the base path, and a query without its question mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The path below the base path.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
}

impl Location {
    /// Parses a path that includes the base path, and a query with or without its question mark. `None` outside
    /// Headway.
    pub(super) fn read(path: &str, query: &str) -> Option<Self> {
        let path = match base().strip(path)? {
            "" => "/".to_owned(),
            path => path.to_owned(),
        };
        Some(Location { path, query: query.trim_start_matches('?').to_owned() })
    }

    /// The browser's current address.
    pub(in crate::ui) fn of_browser() -> Option<Self> {
        let place = web_sys::window()?.location();
        Location::read(&place.pathname().ok()?, &place.search().ok()?)
    }

    /// The address as browsers see it.
    pub(super) fn address(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", to(&self.path), self.query)
    }
}

/// The pages. Each has its route in [`Page::ROUTES`] for the server, and its arm in the `match` of `ui.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The files of a library.
    Library,
    /// The list of jobs.
    Jobs,
    /// One job.
    Job,
    /// There is no page at this address.
    Nowhere,
}

impl Page {
    /// The routes of all pages, in the router's syntax.
    pub const ROUTES: [&str; 3] = ["/", "/jobs", "/jobs/{id}"];

    /// The page at a path below the base path.
    pub fn at(path: &str) -> Self {
        match path {
            "/" => Page::Library,
            "/jobs" => Page::Jobs,
            path if Page::job_in(path).is_some() => Page::Job,
            _ => Page::Nowhere,
        }
    }

    /// The id in the path of a job's page; it might not be valid.
    pub(super) fn job_in(path: &str) -> Option<&str> {
        path.strip_prefix("/jobs/").filter(|id| !id.is_empty() && !id.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_of_the_server_leads_to_a_page_of_its_own() {
        let mut pages: Vec<_> = Page::ROUTES.map(|route| Page::at(&route.replace("{id}", "1"))).into();
        assert!(!pages.contains(&Page::Nowhere), "{pages:?}");
        pages.dedup();
        assert_eq!(pages.len(), Page::ROUTES.len());
    }

    #[test]
    fn an_unknown_path_is_not_a_page() {
        for path in ["", "/job", "/jobs/", "/jobs/a/b", "/api/jobs", "//", "/jobsx"] {
            assert_eq!(Page::at(path), Page::Nowhere, "{path:?}");
        }
        assert_eq!(Page::job_in("/jobs/x"), Some("x"));
    }

    #[test]
    fn an_address_is_written_as_it_was_read() {
        for text in ["/", "/jobs", "/jobs/x?status=failed&after=3", "/?folder=a%20b%25"] {
            let (path, query) = text.split_once('?').unwrap_or((text, ""));
            assert_eq!(Location::read(path, query).map(|location| location.address()).as_deref(), Some(text));
        }
        assert_eq!(Location::read("/", "?a=b"), Location::read("/", "a=b"));
    }
}
