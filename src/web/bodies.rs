//! Receives the whole body of a call, within a time limit, before the call is handled: a body that stalls or trickles
//! holds no handler.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::BODY_LIMIT;
use super::error::ErrorResponse;
use headway_model::ApiError;

/// Time limit for a body, plus one second for every `BYTES_PER_SECOND` bytes. It is also the limit for each piece, so that a
/// caller who has sent much and stops gains no extra time. Anything slower is not a slow link but a caller that
/// stalls.
const STALL_TIMEOUT: Duration = Duration::from_secs(15);
const BYTES_PER_SECOND: usize = 4 * 1024;

/// A body that is too large is read up to this many bytes, so that its sender receives the response.
const DISCARDED: usize = 4 * BODY_LIMIT;

/// Lets a call through once its body has arrived.
pub(super) async fn arrive(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // A caller that asks first has sent nothing of the body yet.
    let is_asked_first = parts.headers.contains_key(header::EXPECT);
    let is_too_large = body.size_hint().lower() > BODY_LIMIT as u64;
    let arrived = if is_asked_first && is_too_large { Err(too_large()) } else { whole(body).await };
    match arrived {
        Ok(bytes) => next.run(Request::from_parts(parts, bytes.into())).await,
        Err(error) => {
            // Do not wait for the rest of the body.
            let mut refusal = ErrorResponse(error).into_response();
            refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            refusal
        }
    }
}

fn too_large() -> ApiError {
    ApiError::TooLarge {
        message: "the request is larger than 4 MiB; give a folder with patterns instead of many paths".into(),
    }
}

async fn whole(body: Body) -> Result<Vec<u8>, ApiError> {
    let announced = body.size_hint().lower();
    if announced > DISCARDED as u64 {
        return Err(too_large());
    }
    let begun = Instant::now();
    let (mut stream, mut bytes, mut seen) = (body.into_data_stream(), Vec::new(), 0);
    loop {
        let until = (begun + STALL_TIMEOUT + Duration::from_secs((seen / BYTES_PER_SECOND) as u64))
            .min(Instant::now() + STALL_TIMEOUT);
        // A body that is too large is refused for its size, however slowly it arrives.
        let is_too_large = announced.max(seen as u64) > BODY_LIMIT as u64;
        let refusal = |error| if is_too_large { too_large() } else { error };
        let more = match timeout_at(until, stream.next()).await {
            Ok(None) if is_too_large => return Err(too_large()),
            Ok(None) => return Ok(bytes),
            Ok(Some(Ok(more))) => more,
            Ok(Some(Err(_))) => {
                let message = "the request's body is incomplete".into();
                return Err(refusal(ApiError::Malformed { message }));
            }
            Err(_) => {
                let message = "the request's body did not arrive in time; send it again".into();
                return Err(refusal(ApiError::TooSlow { message }));
            }
        };
        seen += more.len();
        if seen <= BODY_LIMIT {
            bytes.extend_from_slice(&more);
        } else if seen <= DISCARDED {
            // An immediate close would overtake the response, so read and discard a little more.
            bytes = Vec::new();
        } else {
            return Err(too_large());
        }
    }
}
