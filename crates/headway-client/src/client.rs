//! A server that can be called: how requests are sent, over TCP or a Unix socket, and how answers are read.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use reqwest::{Method, Response};
use rustix::fs::{Mode, OFlags};
use serde::de::DeserializeOwned;

use crate::{Address, ClientError};
use headway_model::ApiError;
use headway_model::problem::Problem;
use headway_model::text::last_cause;

/// How long it can take to make a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a call can take. Streams have no limit.
const CALL: Duration = Duration::from_secs(60);

/// The longest path of a Unix socket, in bytes.
const SOCKET_PATH: usize = 107;

/// A server that can be called. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
    address: Arc<str>,
    token: Option<Arc<str>>,
    /// Keeps the folder of a socket open, if the socket's path is too long to be named directly.
    _folder: Option<Arc<OwnedFd>>,
}

impl Client {
    /// A client of the server at this address, with this token. Nothing is sent yet.
    ///
    /// # Errors
    /// If the folder of a socket with a long path cannot be opened, or the system gives no resources.
    pub fn new(address: &Address, token: Option<&str>) -> Result<Self, ClientError> {
        let none = |why: String| ClientError::NoServer { address: address.to_string(), why };
        let mut builder =
            reqwest::Client::builder().connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none());
        let (mut folder, mut base) = (None, "http://localhost".to_owned());
        match address {
            Address::Http(url) => base.clone_from(url),
            Address::Unix(path) => {
                let (path, held) = short(path).map_err(|error| none(error.to_string()))?;
                builder = builder.unix_socket(path);
                folder = held.map(Arc::new);
            }
        }
        let http = builder.no_proxy().build().map_err(|error| none(last_cause(&error)))?;
        let address = address.to_string().into();
        Ok(Client { http, base: base.into(), address, token: token.map(Into::into), _folder: folder })
    }

    /// Makes any call that answers with JSON, given its path and query.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(self.request(Method::GET, path)).await
    }

    /// The body of an answer, streamed as it arrives: a log, or a file that a job wrote.
    ///
    /// # Errors
    /// Why it failed; within the stream, why the rest did not arrive.
    pub async fn bytes(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Vec<u8>, ClientError>> + Send + 'static, ClientError> {
        let answer = self.send(self.http.get(format!("{}{path}", self.base))).await?;
        let parts = answer.bytes_stream();
        Ok(parts.map(|part| part.map(|part| part.to_vec()).map_err(|error| ClientError::Broken(last_cause(&error)))))
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(self.request(Method::POST, path)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).timeout(CALL)
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, call: reqwest::RequestBuilder) -> Result<T, ClientError> {
        let body = self.send(call).await?.bytes().await.map_err(|error| ClientError::Broken(last_cause(&error)))?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Foreign(error.to_string()))
    }

    /// The answer, if it is a success.
    pub(crate) async fn send(&self, call: reqwest::RequestBuilder) -> Result<Response, ClientError> {
        let call = match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        };
        let answer = call.send().await.map_err(|error| match error.is_connect() {
            true => ClientError::NoServer { address: self.address.to_string(), why: last_cause(&error) },
            false => ClientError::Broken(last_cause(&error)),
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| ClientError::Broken(last_cause(&error)))?;
        match refusal(&body) {
            Some(error) => Err(ClientError::Refused(error)),
            // For example, a server that has no connection left, or a proxy whose server is down.
            None if status.is_server_error() => Err(ClientError::Broken(format!("the answer was {status}"))),
            None => Err(ClientError::Foreign(format!("the answer was {status}"))),
        }
    }

    /// An open stream, or one call that waits for news, by the query of `/api/v1/events`.
    pub(crate) async fn events(&self, query: &str, waits: Option<Duration>) -> Result<Response, ClientError> {
        let call = self.http.get(format!("{}/api/v1/events?{query}", self.base));
        self.send(match waits {
            Some(waits) => call.timeout(waits + CALL),
            None => call,
        })
        .await
    }
}

/// Why a call was refused: a problem by RFC 9457 below `/api/v1`, elsewhere the error itself. `None` if the answer is
/// not Headway's.
fn refusal(body: &[u8]) -> Option<ApiError> {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => problem.error(),
        Err(_) => serde_json::from_slice(body).ok(),
    }
}

/// A socket path that is short enough for the system, and the folder that must stay open while the path is used.
fn short(path: &Path) -> std::io::Result<(std::path::PathBuf, Option<OwnedFd>)> {
    use std::os::unix::ffi::OsStrExt;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok((path.into(), None)) };
    if path.as_os_str().as_bytes().len() <= SOCKET_PATH {
        return Ok((path.into(), None));
    }
    let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok((Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name), Some(folder)))
}
