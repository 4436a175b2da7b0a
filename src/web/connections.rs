//! Accepts connections while there are free slots, and gives each little time to send its request.
//!
//! A peer that opens connections and sends nothing must not keep others out, nor take descriptors from jobs. Only
//! HTTP/1.1 is served: a browser needs at most one stream, and a proxy can speak HTTP/2 to it.

mod own_answers;
mod slots;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::net::{SendFlags, Shutdown, send, shutdown};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::{Service, ServiceExt};

use super::request_id;
use own_answers::{OpenRequest, OwnAnswers, Requests};
pub use slots::ConnectionLimits;
use slots::{Full, Slots};

/// Time limit for the head of a request, at first and again after each response.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// A peer that receives nothing for this long is disconnected.
const PEER_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size in bytes of a request's head, and of the buffered part of a response.
const BUFFER_BYTES: usize = 64 * 1024;

/// How long to wait before accepting again after an error that does not pass at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Number of refusals that are completed at once, and the time for each: an immediate close might overtake the
/// response.
const REFUSALS: usize = 32;
const FAREWELL: Duration = Duration::from_secs(1);

/// Minimum time between log messages about refusals.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The head of a refusal, without what differs from one to the next.
const BUSY_HEAD: &str = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nCache-Control: no-store\r\n\
    Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
    Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// A refusal with this id. The request is not read, so the body is a problem of the API and has the members of older
/// calls too.
fn busy(id: &str) -> String {
    let why = "too many connections; close some, then try again";
    let body = serde_json::json!({
        "type": "urn:headway:busy", "title": "Too many connections are open", "status": 503, "detail": why, "code": "busy",
        "retry": true, "request_id": id, "error": "busy", "message": why,
    });
    let body = body.to_string();
    format!("{BUSY_HEAD}\r\nContent-Length: {}\r\n{}: {id}\r\n\r\n{body}", body.len(), request_id::NAME)
}

/// Serves until `stopping` holds `true`, then lets every response finish.
pub(super) async fn serve<S>(
    listener: TcpListener,
    service: S,
    limits: ConnectionLimits,
    mut stopping: watch::Receiver<bool>,
) where
    S: Service<Request<Body>, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let places = Slots::new(limits);
    let mut door = Door { refusals: Arc::new(Semaphore::new(REFUSALS.min(limits.total / 8))), said: None };
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match taken {
            Ok((stream, from)) => match places.take(from.ip()) {
                Ok(place) => {
                    prepare(&stream);
                    tokio::spawn(connection(stream, service.clone(), place, stopping.clone()));
                }
                Err(full) => door.refuse(stream, full),
            },
            // Only that one connection is gone.
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                door.log_rarely(|| tracing::error!(%error, "cannot accept connections at the moment"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    places.all_free().await;
}

fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Sends small writes at once, and detects a peer that is gone.
fn prepare(stream: &TcpStream) {
    let timeout = rustix::net::sockopt::set_tcp_user_timeout(stream, PEER_TIMEOUT.as_millis() as u32);
    if let Err(error) = stream.set_nodelay(true).and(timeout.map_err(Into::into)) {
        tracing::debug!(%error, "a connection keeps the system's settings");
    }
}

/// Serves one connection to its end, and holds its slot until then. A stop ends it after the response in progress.
pub(super) async fn connection<I, S>(stream: I, service: S, place: impl Send, mut stopping: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Body>, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let requests = Arc::<Requests>::default();
    let stream = OwnAnswers::new(stream, Arc::clone(&requests));
    let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
        let under_way = OpenRequest::begin(&requests);
        let answer = service.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, std::convert::Infallible>(under_way.until_the_end_of(answer.await?)) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
    drop(place);
}

/// Responds to connections that get no slot.
struct Door {
    refusals: Arc<Semaphore>,
    /// When the last message was logged.
    said: Option<Instant>,
}

impl Door {
    fn refuse(&mut self, stream: TcpStream, full: Full) {
        self.log_rarely(|| match full {
            Full::Peer => tracing::warn!(
                "one address has reached its limit of connections; refusing more from it (--connections)"
            ),
            Full::All => tracing::warn!("the limit of connections is reached; refusing more"),
        });
        let id = request_id::make_id();
        tracing::debug!(request.id = id, "refused a connection");
        // The socket's buffer is empty, so these few bytes go out unless the peer is gone.
        send(&stream, busy(&id).as_bytes(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL).ok();
        shutdown(&stream, Shutdown::Write).ok();
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            tokio::spawn(async move {
                let rest = async { while stream.readable().await.is_ok() && matches!(more(&stream), Ok(1..)) {} };
                tokio::time::timeout(FAREWELL, rest).await.ok();
                drop(permit);
            });
        }
    }

    fn log_rarely(&mut self, log: impl FnOnce()) {
        if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            self.said = Some(Instant::now());
            log();
        }
    }
}

/// Reads and discards what has arrived; returns the number of bytes, 0 at the end.
fn more(stream: &TcpStream) -> io::Result<usize> {
    match stream.try_read(&mut [0; 4096]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(1),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_says_how_long_it_is_and_which_request_it_refuses() {
        let answer = super::busy("0a1b");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        assert!(head.ends_with("\r\nx-request-id: 0a1b"), "{head}");
        let problem: headway_model::problem::Problem = serde_json::from_str(body).expect("a problem of the API");
        assert_eq!((problem.request_id.as_deref(), problem.code.as_str()), (Some("0a1b"), "busy"));
        assert_eq!((problem.status, problem.retry, problem.instance), (503, true, None), "nobody has read the path");
    }
}
