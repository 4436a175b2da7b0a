//! Addresses as the log has them. No token gets into the log: not in a query, and not in a path that was meant to be a query, such
//! as `/login%3Ftoken=...`.

use axum::http::Uri;

use headway_model::JobId;

/// A token has at least this many characters (`serve::tokens`), and no slash, so no shorter part of a path holds one.
const SHORTEST: usize = 16;

/// Replaces a part of a path that could contain a token.
const LEFT_OUT: &str = "...";

/// The path of an address, without parts that could contain a token. Every address in the log is made by this function.
pub(super) fn redacted(address: &Uri) -> String {
    let mut before = "";
    let parts = address.path().split('/').map(|part| {
        let is_job = before == "jobs" && part.parse::<JobId>().is_ok();
        before = part;
        if part.len() < SHORTEST || is_job { part } else { LEFT_OUT }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(address: &str) -> String {
        redacted(&address.parse().expect("an address"))
    }

    #[test]
    fn no_token_from_an_address_gets_into_the_log() {
        let token = "secretsecretsecr";
        for address in [
            format!("/login?token={token}"),
            format!("/login%3Ftoken={token}"),
            format!("/login%3ftoken%3d{token}"),
            format!("/login&token={token}"),
            format!("/login/{token}"),
            format!("/{token}"),
            format!("/headway/login;token={token}/x"),
            format!("/jobs/{token}?token={token}"),
            format!("http://localhost:3000/login%3Ftoken={token}?x={token}"),
            format!("/%73ecretsecretsecr/{token}{token}"),
        ] {
            let told = told(&address);
            assert!(!told.contains("secret"), "{address} is logged as {told}");
        }
    }

    #[test]
    fn the_path_of_a_call_is_logged_as_it_is() {
        let job = JobId::mint(7, [1; 10]);
        for path in ["/", "/api/v1/jobs", "/api/v1/openapi.json", &format!("/api/v1/jobs/{job}/report.csv")] {
            assert_eq!(told(path), path);
        }
    }
}
