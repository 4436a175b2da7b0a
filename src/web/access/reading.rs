//! The calls that the read-only token allows. Any other call counts as one that changes something, so a call that is
//! added later is refused until it is listed here.

use axum::http::Method;

/// The server functions that only read.
const CALLS: [&str; 15] = [
    "attempts",
    "causes",
    "command_lines",
    "folder",
    "groups",
    "history",
    "items",
    "items_at",
    "job",
    "jobs",
    "load",
    "makers",
    "named",
    "presets",
    "room",
];

/// Whether this request changes nothing, whatever it contains.
pub(super) fn only_reads(method: &Method, path: &str) -> bool {
    let call = || path.strip_prefix("/api/fn/").filter(|_| method == Method::POST);
    method.is_safe() || call().is_some_and(|call| CALLS.contains(&call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_written_in_another_way_reads_nothing() {
        assert!(only_reads(&Method::POST, "/api/fn/job") && only_reads(&Method::GET, "/api/jobs"));
        for path in ["/api/fn/start_job", "/api/fn/job/../start_job", "/api/fn/j%6fb", "/api/fn/", "//api/fn/job"] {
            assert!(!only_reads(&Method::POST, path), "{path}");
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::CONNECT] {
            assert!(!only_reads(&method, "/api/fn/job"), "{method}");
        }
    }
}
