//! The calls of the API, over TCP or a Unix socket.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use reqwest::{Method, Response};
use rustix::fs::{Mode, OFlags};
use serde::de::DeserializeOwned;

use crate::{Address, ClientError, Follower};
use headway_model::attempt::AttemptLog;
use headway_model::problem::Problem;
use headway_model::summary::{ItemPage, JobPage, JobView};
use headway_model::{Action, ApiError, Cursor, JobId, StartJob};

/// How long a connection may take to be made, and how long a call may take, streams aside.
const CONNECT: Duration = Duration::from_secs(5);
const CALL: Duration = Duration::from_secs(60);

/// How long a start call is repeated while no answer comes.
const START: Duration = Duration::from_secs(30);

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
        let http = builder.no_proxy().build().map_err(|error| none(chain(&error)))?;
        let address = address.to_string().into();
        Ok(Client { http, base: base.into(), address, token: token.map(Into::into), _folder: folder })
    }

    /// Follows these jobs, which need not exist yet. A job that is younger than the cursor arrives event by event;
    /// any other begins with a snapshot. Must be called within a Tokio runtime.
    pub fn follow(&self, after: Option<Cursor>, jobs: &[JobId]) -> Follower {
        Follower::new(self.clone(), after, jobs)
    }

    /// The current end of the log.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn cursor(&self) -> Result<Cursor, ClientError> {
        Ok(self.jobs(None, 1).await?.cursor)
    }

    /// Starts a job, or finds the one that the same call started before. Repeats the call for half a minute while no
    /// answer comes, which is safe because the id is the same.
    ///
    /// # Errors
    /// Why the job cannot be started.
    pub async fn start(&self, job: JobId, request: &StartJob) -> Result<JobView, ClientError> {
        let deadline = tokio::time::Instant::now() + START;
        let mut pause = Duration::from_millis(100);
        loop {
            let call = self.request(Method::PUT, &format!("/api/jobs/{job}")).json(request);
            match self.json(call).await {
                Err(error) if error.can_pass() && tokio::time::Instant::now() + pause < deadline => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(4));
                }
                other => return other,
            }
        }
    }

    /// One job.
    ///
    /// # Errors
    /// Why it cannot be shown.
    pub async fn job(&self, job: JobId) -> Result<JobView, ClientError> {
        self.get(&format!("/api/jobs/{job}")).await
    }

    /// A page of jobs, newest first.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32) -> Result<JobPage, ClientError> {
        let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
        self.get(&format!("/api/jobs?limit={limit}{before}")).await
    }

    /// A window of a job's items after `after`, in order; only those with this status, if one is given.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub async fn items(
        &self,
        job: JobId,
        after: Option<u32>,
        limit: u32,
        status: Option<&str>,
    ) -> Result<ItemPage, ClientError> {
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let status = status.map(|status| format!("&status={status}")).unwrap_or_default();
        self.get(&format!("/api/jobs/{job}/items?limit={limit}{after}{status}")).await
    }

    /// The output of an item's attempts, as far as it is stored.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn attempts(&self, job: JobId, item: u32) -> Result<Vec<AttemptLog>, ClientError> {
        self.get(&format!("/api/jobs/{job}/items/{item}/attempts")).await
    }

    /// Requests a cancel.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn cancel(&self, job: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/jobs/{job}/cancel")).await
    }

    /// Asks a server that takes up no job unasked (`headway run`) to work on a job. Any other server works on it
    /// anyway.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn adopt(&self, job: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/jobs/{job}/adopt")).await
    }

    /// Performs an action on a job.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn steer(&self, job: JobId, action: Action) -> Result<JobView, ClientError> {
        let call = match action {
            Action::Pause => "pause".to_owned(),
            Action::Resume => "resume".to_owned(),
            Action::LeaveOut => "leave_out".to_owned(),
            Action::Approve => "approve".to_owned(),
            Action::EmptyTrash => "empty_trash".to_owned(),
            Action::Retry(None) => "retry".to_owned(),
            Action::Retry(Some(item)) => format!("retry?item={item}"),
            Action::Change { priority, concurrency } => {
                let given = |name: &str, value: Option<String>| value.map(|value| format!("{name}={value}"));
                let priority = given("priority", priority.map(|priority| priority.to_string()));
                let both = [priority, given("concurrency", concurrency.map(|number| number.to_string()))];
                format!("change?{}", both.into_iter().flatten().collect::<Vec<_>>().join("&"))
            }
        };
        self.post(&format!("/api/jobs/{job}/{call}")).await
    }

    /// Starts the job `new`, which puts back the originals that `job` replaced.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn undo(&self, job: JobId, new: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/jobs/{job}/undo/{new}")).await
    }

    /// Stores a request as a preset.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn keep_preset(&self, name: &str, request: &StartJob) -> Result<(), ClientError> {
        self.send(self.request(Method::PUT, &format!("/api/v1/presets/{name}")).json(request)).await.map(drop)
    }

    /// Removes a preset.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn remove_preset(&self, name: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, &format!("/api/v1/presets/{name}"))).await.map(drop)
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
        Ok(parts.map(|part| part.map(|part| part.to_vec()).map_err(|error| ClientError::Broken(chain(&error)))))
    }

    async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(self.request(Method::POST, path)).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).timeout(CALL)
    }

    async fn json<T: DeserializeOwned>(&self, call: reqwest::RequestBuilder) -> Result<T, ClientError> {
        let body = self.send(call).await?.bytes().await.map_err(|error| ClientError::Broken(chain(&error)))?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Foreign(error.to_string()))
    }

    /// The answer, if it is a success.
    pub(crate) async fn send(&self, call: reqwest::RequestBuilder) -> Result<Response, ClientError> {
        let call = match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        };
        let answer = call.send().await.map_err(|error| match error.is_connect() {
            true => ClientError::NoServer { address: self.address.to_string(), why: chain(&error) },
            false => ClientError::Broken(chain(&error)),
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| ClientError::Broken(chain(&error)))?;
        match refusal(&body) {
            Some(error) => Err(ClientError::Refused(error)),
            // For example, a server that has no connection left, or a proxy whose server is down.
            None if status.is_server_error() => Err(ClientError::Broken(format!("the answer was {status}"))),
            None => Err(ClientError::Foreign(format!("the answer was {status}"))),
        }
    }

    /// An open stream, or one call that waits for news, by the query of `/api/events`.
    pub(crate) async fn events(&self, query: &str, waits: Option<Duration>) -> Result<Response, ClientError> {
        let call = self.http.get(format!("{}/api/events?{query}", self.base));
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

/// An error with its causes: reqwest's own text leaves out why a connection failed.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}
