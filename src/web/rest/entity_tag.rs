//! Entity tags: a program that asks again for something that has not changed gets 304 and no body.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;

use super::body::is_json;
use headway_model::Digest;

/// Gives each JSON response to a GET a weak entity tag over everything except its cursor, which moves with every job.
pub(super) async fn tagged(request: Request, next: Next) -> Response {
    let known = (request.method() == Method::GET).then(|| request.headers().get(header::IF_NONE_MATCH).cloned());
    let response = next.run(request).await;
    let Some(known) = known else { return response };
    if response.status() != StatusCode::OK || !is_json(response.headers()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // The body is already in memory.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = tag(&body);
    let is_known = known.is_some_and(|known| is_among(&known, &tag));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        head.headers.insert(header::ETAG, tag);
        head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if is_known {
        head.status = StatusCode::NOT_MODIFIED;
        head.headers.remove(header::CONTENT_LENGTH);
        head.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, body.into())
}

fn tag(body: &Bytes) -> String {
    let digest = match serde_json::from_slice::<BTreeMap<&str, &RawValue>>(body) {
        Ok(mut members) => {
            members.remove("cursor");
            let all: Vec<_> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            Digest::of(all.join("\n").as_bytes())
        }
        // Not an object, so it has no cursor.
        Err(_) => Digest::of(body),
    };
    format!("W/\"{digest}\"")
}

/// Whether an `If-None-Match` lists this tag, weak or not (RFC 9110, 13.1.2).
fn is_among(known: &HeaderValue, tag: &str) -> bool {
    let known = known.to_str().unwrap_or_default();
    known
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag.trim_start_matches("W/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_all_but_the_cursor() {
        let tag = |text: &'static str| tag(&Bytes::from_static(text.as_bytes()));
        let first = tag(r#"{"cursor":"1.2","status":"queued","total":3}"#);
        assert_eq!(first, tag(r#"{"cursor":"9.9","status":"queued","total":3}"#));
        assert_ne!(first, tag(r#"{"cursor":"1.2","status":"queued","total":4}"#));
        assert_ne!(tag("[1]"), tag("[2]"));
    }

    #[test]
    fn a_known_tag_is_found_in_a_list() {
        let known = |text: &'static str| is_among(&HeaderValue::from_static(text), "W/\"a\"");
        assert!(known("W/\"a\"") && known("\"b\", \"a\"") && known("*"));
        assert!(!known("W/\"b\"") && !known("a") && !known(""));
    }
}
