//! The calls of the API, by name.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{Client, ClientError, Follower};
use headway_model::attempt::AttemptLog;
use headway_model::summary::{ItemPage, JobPage, JobView, ListedJobs};
use headway_model::{Action, Cursor, JobId, StartJob};

/// How long a start call is repeated while no answer comes.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a page of jobs is.
fn jobs_path(before: Option<JobId>, limit: u32) -> String {
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    format!("/api/v1/jobs?limit={limit}{before}")
}

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
            let call = self.request(Method::PUT, &format!("/api/v1/jobs/{job}")).json(request);
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
        self.get(&format!("/api/v1/jobs/{job}")).await
    }

    /// A page of jobs, newest first.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32) -> Result<JobPage, ClientError> {
        self.get(&jobs_path(before, limit)).await
    }

    /// A page of jobs, newest first, and on which of them no server works.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub async fn listed_jobs(&self, before: Option<JobId>, limit: u32) -> Result<ListedJobs, ClientError> {
        self.get(&jobs_path(before, limit)).await
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
        self.get(&format!("/api/v1/jobs/{job}/items?limit={limit}{after}{status}")).await
    }

    /// The output of an item's attempts, as far as it is stored.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn attempts(&self, job: JobId, item: u32) -> Result<Vec<AttemptLog>, ClientError> {
        self.get(&format!("/api/v1/jobs/{job}/items/{item}/attempts")).await
    }

    /// Requests a cancel.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn cancel(&self, job: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/v1/jobs/{job}/cancel")).await
    }

    /// Asks a server that takes up no job unasked (`headway run`) to work on a job. Any other server works on it
    /// anyway.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn adopt(&self, job: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/v1/jobs/{job}/adopt")).await
    }

    /// Performs an action on a job.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn steer(&self, job: JobId, action: Action) -> Result<JobView, ClientError> {
        let path = format!("/api/v1/jobs/{job}");
        match action {
            Action::Pause => self.post(&format!("{path}/pause")).await,
            Action::Resume => self.post(&format!("{path}/resume")).await,
            Action::LeaveOut => self.post(&format!("{path}/leave-out")).await,
            Action::Approve => self.post(&format!("{path}/approve")).await,
            Action::EmptyTrash => self.json(self.request(Method::DELETE, &format!("{path}/trash"))).await,
            Action::Retry(None) => self.post(&format!("{path}/retry")).await,
            Action::Retry(Some(item)) => self.post(&format!("{path}/retry?item={item}")).await,
            Action::Change { priority, concurrency } => {
                let pace = json!({ "priority": priority, "concurrency": concurrency });
                self.json(self.request(Method::PATCH, &path).json(&pace)).await
            }
        }
    }

    /// Starts the job `new`, which puts back the originals that `job` replaced.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn undo(&self, job: JobId, new: JobId) -> Result<JobView, ClientError> {
        self.post(&format!("/api/v1/jobs/{job}/undo/{new}")).await
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
