//! The list of jobs as a page shows it: with the size of the files that each job which is over has processed.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::super::Server;
use headway_model::find::FindJobs;
use headway_model::summary::ShownJobs;
use headway_model::{ApiError, JobId, JobSummary};

/// How many sizes are remembered.
const MOST: usize = 10_000;

/// The sizes of the files of jobs that are over. Nothing changes them any more, and to add up the items of a large job
/// takes long. `None` for a job that has processed no file.
#[derive(Default)]
pub(in crate::handle) struct InputSizes(Mutex<HashMap<JobId, Option<u64>>>);

impl InputSizes {
    fn note(&self, job: JobId, bytes: Option<u64>) {
        let mut known = self.0.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(job, bytes);
    }
}

impl Server {
    /// A page of jobs with these sizes.
    ///
    /// # Errors
    /// As of [`Server::jobs`].
    pub async fn shown_jobs(&self, before: Option<JobId>, limit: u32, find: &FindJobs) -> Result<ShownJobs, ApiError> {
        let page = self.jobs(before, limit, find).await?;
        let mut bytes = Vec::with_capacity(page.jobs.len());
        for job in &page.jobs {
            bytes.push(self.input_bytes(job).await);
        }
        Ok(ShownJobs { page, bytes })
    }

    /// The size of the files that a job has processed; `None` if it is not over, has processed none, or if that cannot be read now.
    async fn input_bytes(&self, job: &JobSummary) -> Option<u64> {
        if !job.status.is_terminal() {
            return None;
        }
        let known = &self.inner.input_sizes;
        let before = known.0.lock().get(&job.job).copied();
        if let Some(bytes) = before {
            return bytes;
        }
        let row = self.store().job(job.job).await.ok()??;
        let load = self.store().load(row.job_no).await.ok()?;
        let bytes = (load.done.files > 0).then_some(load.done.bytes);
        known.note(job.job, bytes);
        bytes
    }
}
