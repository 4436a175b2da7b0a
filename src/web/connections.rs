//! The connections: taken in as far as there are places, each with little time to say what it wants.
//!
//! Whoever opens connections and says nothing must keep nobody else out, and take no descriptor from a job. HTTP/1.1
//! alone: a browser needs at most one stream, and what speaks HTTP/2 to it is a proxy.

mod places;

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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

pub use places::Limits;
use places::{Full, Place, Places};

/// From when a connection may say what it wants until it has: the first time and again after each answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A peer that takes nothing for this long is cut off.
const PEER_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of the head of a request, and of what is held of an answer.
const BUFFER: usize = 64 * 1024;

/// After an error that will not pass at once, the next connection is taken in this much later.
const PAUSE: Duration = Duration::from_millis(100);

/// Refusals that are seen to their end at a time, and for how long: a close at once may overtake the answer.
const REFUSALS: usize = 32;
const FAREWELL: Duration = Duration::from_secs(1);

/// Said in the log no more often than this.
const SAY_EVERY: Duration = Duration::from_secs(60);

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nCache-Control: no-store\r\n\
    Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n\
    Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'\r\nContent-Length: 98\r\n\r\n\
    {\"error\":\"busy\",\"message\":\"there are too many connections from there; close some, then try again\"}";

/// Serves until `stopping` says so; then lets every answer end.
pub(super) async fn serve<S>(listener: TcpListener, service: S, limits: Limits, mut stopping: watch::Receiver<bool>)
where
    S: Service<Request<Body>, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let places = Places::new(limits);
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
            // That one connection is gone.
            Err(error) if is_of_one(&error) => {}
            Err(error) => {
                door.say(|| tracing::error!(%error, "connections cannot be taken in at the moment"));
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

/// Small writes go out at once, and a peer that is gone is noticed.
fn prepare(stream: &TcpStream) {
    let timeout = rustix::net::sockopt::set_tcp_user_timeout(stream, PEER_TIMEOUT.as_millis() as u32);
    if let Err(error) = stream.set_nodelay(true).and(timeout.map_err(Into::into)) {
        tracing::debug!(%error, "a connection keeps the system's settings");
    }
}

/// One connection to its end. A stop ends it behind the answer under way.
async fn connection<S>(stream: TcpStream, service: S, place: Place, mut stopping: watch::Receiver<bool>)
where
    S: Service<Request<Body>, Response = Response, Error = std::convert::Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let service =
        tower::util::MapRequest::new(service, |request: Request<hyper::body::Incoming>| request.map(Body::new));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(BUFFER);
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

/// What whoever finds no place is told.
struct Door {
    refusals: Arc<Semaphore>,
    /// When the log last heard of trouble.
    said: Option<Instant>,
}

impl Door {
    fn refuse(&mut self, stream: TcpStream, full: Full) {
        self.say(|| match full {
            Full::Peer => tracing::warn!(
                "one address holds as many connections as it may; more of it are refused (--connections)"
            ),
            Full::All => tracing::warn!("there are as many connections as there may be; more are refused"),
        });
        // A few bytes for a socket that is empty yet: they go, or the peer is gone.
        send(&stream, BUSY.as_bytes(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL).ok();
        shutdown(&stream, Shutdown::Write).ok();
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            tokio::spawn(async move {
                let rest = async { while stream.readable().await.is_ok() && matches!(more(&stream), Ok(1..)) {} };
                tokio::time::timeout(FAREWELL, rest).await.ok();
                drop(permit);
            });
        }
    }

    fn say(&mut self, say: impl FnOnce()) {
        if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            self.said = Some(Instant::now());
            say();
        }
    }
}

/// Takes in what came, and forgets it; how many bytes that were, 0 at the end.
fn more(stream: &TcpStream) -> io::Result<usize> {
    match stream.try_read(&mut [0; 4096]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(1),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_says_how_long_it_is() {
        let (head, body) = super::BUSY.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
