//! Pages and JSON go out compressed to whoever takes that. The client's files are compressed when it is built; streams never
//! are: each message must leave at once.
//!
//! No secret stands in a compressed body beside what a stranger may have put there, so its size tells nothing (BREACH): the
//! token and the cookie are never in one, and the nonce of a page is another in each answer.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// A body that is said to be shorter stays as it is.
const SHORT: u64 = 512;

/// The kinds that are compressed.
const KINDS: [&str; 3] = ["text/html", "application/json", "application/x-ndjson"];

/// Whether the answer with this head is compressed.
type Judge = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

pub(super) fn layer() -> CompressionLayer<Judge> {
    // Brotli's fifth level: a page in a millisecond, to a seventeenth of its size.
    CompressionLayer::new().quality(CompressionLevel::Precise(5)).compress_when(is_wanted as Judge)
}

fn is_wanted(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let short = text(header::CONTENT_LENGTH).parse().is_ok_and(|length: u64| length < SHORT);
    KINDS.contains(&kind) && !short && !text(header::CACHE_CONTROL).contains("no-transform")
}
