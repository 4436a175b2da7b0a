//! Compresses pages, tables and JSON for callers that accept it. The client's files are compressed at build time. Streams are
//! never compressed: each message must leave at once.
//!
//! No compressed body contains a secret next to text that a stranger can control, so its size reveals nothing (BREACH):
//! the tokens and the cookies are never in one, and every response has a new nonce.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

/// A body with a smaller `Content-Length` is not compressed.
const SHORT: u64 = 512;

/// The content types that are compressed.
const KINDS: [&str; 4] = ["text/html", "text/csv", "application/json", "application/x-ndjson"];

/// Whether to compress the response with this head.
type CompressPredicate = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

pub(super) fn layer() -> CompressionLayer<CompressPredicate> {
    // Brotli level 5 compresses a page to a seventeenth of its size in a millisecond.
    CompressionLayer::new().quality(CompressionLevel::Precise(5)).compress_when(is_wanted as CompressPredicate)
}

fn is_wanted(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let short = text(header::CONTENT_LENGTH).parse().is_ok_and(|length: u64| length < SHORT);
    KINDS.contains(&kind) && !short && !text(header::CACHE_CONTROL).contains("no-transform")
}
