//! Adds our headers to responses that hyper sends by itself, without the router: to a request whose head is malformed
//! or too large, or whose address is too long. Hyper has no hook for that.
//!
//! Hyper reads the next head only after it has flushed the previous response. So anything it writes after a flush,
//! with no request under way, is its own response.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::access::protect;

/// The headers of every response, as lines of a head.
static HEADERS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut headers = HeaderMap::new();
    protect(&mut headers);
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat()
    };
    headers.iter().flat_map(line).collect()
});

/// How many requests of a connection have begun, and for how many of them the response has ended.
#[derive(Debug, Default)]
pub(super) struct Requests {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// A request under way, until dropped.
pub(super) struct OpenRequest(Arc<Requests>);

impl OpenRequest {
    /// Counts one more request.
    pub(super) fn begin(requests: &Arc<Requests>) -> Self {
        requests.begun.fetch_add(1, Ordering::Relaxed);
        OpenRequest(Arc::clone(requests))
    }

    /// Ties the request to a response: it ends with the response's body.
    pub(super) fn until_the_end_of(self, answer: Response) -> Response {
        answer.map(|body| Body::new(AnswerBody { body, _request: self }))
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

struct AnswerBody {
    body: Body,
    _request: OpenRequest,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection on which hyper's own responses get our headers.
pub(super) struct OwnAnswers<I> {
    stream: I,
    requests: Arc<Requests>,
    /// How many requests had begun at the last flush, if all their responses had ended.
    quiet_after: Option<usize>,
    /// What is still to be sent instead of what hyper wrote.
    left: Vec<u8>,
}

impl<I> OwnAnswers<I> {
    pub(super) fn new(stream: I, requests: Arc<Requests>) -> Self {
        OwnAnswers { stream, requests, quiet_after: Some(0), left: Vec::new() }
    }

    fn writes_hyper(&self) -> bool {
        !self.left.is_empty() || self.quiet_after == Some(self.requests.begun.load(Ordering::Relaxed))
    }
}

/// Hyper's own response with our headers; `None` if the bytes are something else.
fn protected(written: &[u8]) -> Option<Vec<u8>> {
    let head = written.strip_suffix(b"\r\n").filter(|head| head.ends_with(b"\r\n"))?;
    head.starts_with(b"HTTP/1.").then(|| [head, &HEADERS, b"\r\n"].concat())
}

impl<I: AsyncWrite + Unpin> AsyncWrite for OwnAnswers<I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.left.is_empty() {
            match this.writes_hyper().then(|| protected(bytes)).flatten() {
                Some(answer) => this.left = answer,
                None => return Pin::new(&mut this.stream).poll_write(context, bytes),
            }
        }
        while !this.left.is_empty() {
            match ready!(Pin::new(&mut this.stream).poll_write(context, &this.left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => drop(this.left.drain(..count)),
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.writes_hyper() {
            let first = parts.iter().find(|part| !part.is_empty());
            return self.poll_write(context, first.map_or(&[], |part| part));
        }
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        let (begun, ended) = (&this.requests.begun, &this.requests.ended);
        let begun = begun.load(Ordering::Relaxed);
        this.quiet_after = (begun == ended.load(Ordering::Relaxed)).then_some(begun);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for OwnAnswers<I> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}
