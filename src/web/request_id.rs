//! The id of a request: the one that the caller gave, or a new one. It is in the answer, and in every line of the log
//! about the request.

use std::time::Instant;

use super::redact::redacted;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use headway_model::JobId;
use tracing::Instrument;
use tracing::field::{Empty, display};

/// The header, in requests and answers.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that a caller can give.
const ID_LIMIT_BYTES: usize = 64;

/// The id of a request, among its extensions.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) String);

/// An id for a request whose caller gave none.
pub(super) fn make_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Gives each request an id. The outermost layer, so that a request that is refused before any handler has one too.
pub(super) async fn named(mut request: Request, next: Next) -> Response {
    let id = callers_id(request.headers()).unwrap_or_else(make_id);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let span = tracing::info_span!("request", request.id = id, job.id = Empty, %method, path = redacted(request.uri()));
    if let Some(job) = job_in(request.uri().path()) {
        span.record("job.id", display(job));
    }
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, ms) = (response.status().as_u16(), begun.elapsed().as_millis());
    span.in_scope(|| tracing::debug!(status, ms = u64::try_from(ms).unwrap_or(u64::MAX), "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(NAME, id);
    }
    response
}

/// The caller's own id, if it is one and is plain: it goes into the log.
fn callers_id(headers: &HeaderMap) -> Option<String> {
    let mut ids = headers.get_all(NAME).iter();
    let id = ids.next()?.to_str().ok().filter(|_| ids.next().is_none())?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_id = (1..=ID_LIMIT_BYTES).contains(&id.len()) && id.bytes().all(is_plain);
    is_id.then(|| id.to_owned())
}

/// The job that a path is about.
fn job_in(path: &str) -> Option<JobId> {
    let (_, rest) = path.split_once("/jobs/")?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_id_is_taken_from_a_caller() {
        let of = |ids: &[&str]| {
            let header = |id: &&str| (NAME, HeaderValue::from_str(id).expect("a value"));
            callers_id(&ids.iter().map(header).collect())
        };
        assert_eq!(of(&["a-1_B.2"]).as_deref(), Some("a-1_B.2"));
        for wrong in [&[] as &[&str], &[""], &["a b"], &["a\"b"], &["a", "b"], &["x".repeat(65).as_str()]] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_job_of_a_call_or_a_page_is_known_from_its_path() {
        let job = JobId::mint(7, [0; 10]);
        for path in [format!("/jobs/{job}"), format!("/api/v1/jobs/{job}/items"), format!("/api/jobs/{job}")] {
            assert_eq!(job_in(&path), Some(job), "{path}");
        }
        assert_eq!(job_in("/api/v1/jobs/x"), None);
    }
}
