//! The calls of the API, by name.

use std::time::Duration;

use reqwest::Method;

use crate::{Client, ClientError, Follower};
use headway_model::attempt::AttemptLog;
use headway_model::summary::{ItemPage, JobPage, JobView};
use headway_model::{Action, Cursor, JobId, StartJob};

/// How long a start call is repeated while no answer comes.
const START_TIMEOUT: Duration = Duration::from_secs(30);

impl Client {
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
        let deadline = tokio::time::Instant::now() + START_TIMEOUT;
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
}
