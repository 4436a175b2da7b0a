//! A server that takes up no job unasked, such as the one inside `headway run`. It works only on jobs that are
//! started through it, on jobs that somebody asks it to adopt, and on jobs that were cancelled and have not ended.

use std::collections::HashSet;

use tokio::sync::Mutex;

use super::{Input, Server};
use crate::engine;
use crate::error::internal;
use headway_model::{ApiError, JobId, JobStatus, JobSummary};

/// The jobs that such a server works on.
pub(super) struct Adopted(Mutex<HashSet<JobId>>);

impl Adopted {
    /// Works on these from the start.
    pub(super) fn with(jobs: Vec<JobId>) -> Self {
        Adopted(Mutex::new(jobs.into_iter().collect()))
    }
}

impl Server {
    /// Whether the server works on this job.
    pub(super) async fn works_on(&self, job: JobId) -> bool {
        match &self.inner.adopted {
            Some(adopted) => adopted.0.lock().await.contains(&job),
            None => true,
        }
    }

    /// Whether no server works on this job: another process did, and this one takes up no job unasked. A job that is being
    /// taken up now is not one of them.
    pub(super) fn is_left(&self, job: &JobSummary) -> bool {
        !job.status.is_terminal() && self.has_no_server(job.job)
    }

    /// The same for a job that is known not to be over.
    pub(super) fn has_no_server(&self, job: JobId) -> bool {
        let adopted = self.inner.adopted.as_ref().map(|adopted| adopted.0.try_lock());
        matches!(adopted, Some(Ok(adopted)) if !adopted.contains(&job))
    }

    /// Notes that a job is about to be started through this server.
    pub(super) async fn begins(&self, job: JobId) {
        if let Some(adopted) = &self.inner.adopted {
            adopted.0.lock().await.insert(job);
        }
    }

    /// Takes up a live job that an earlier process left. A server that works on every job has done so already.
    ///
    /// # Errors
    /// If there is no such job, or it cannot be read. Or if this server has no such recipe: then the job stays as it is, for a
    /// server that has it.
    pub async fn adopt(&self, id: JobId) -> Result<(), ApiError> {
        let Some(adopted) = &self.inner.adopted else { return Ok(()) };
        // Held to the end, so that a second caller finds the job adopted, and no event of it is recorded in the
        // meantime.
        let mut adopted = adopted.0.lock().await;
        let row = self.row(id).await?;
        if adopted.contains(&id) || row.summary.status.is_terminal() {
            return Ok(());
        }
        let context = &self.inner.context;
        // Taking it up would pause it, and only a person ends that pause. A job that is cancelled needs no recipe to end.
        if row.summary.status != JobStatus::Cancelling && context.recipe(&row.summary.recipe).is_none() {
            return Err(no_recipe(id, &row.summary.recipe));
        }
        let (_, folds) = context.store.folds(&[id]).await?;
        let fold = folds.into_iter().next().ok_or_else(|| internal(&"a job has a row and no events"))?;
        let leases = context.store.leases().await?;
        let taken = engine::take_up_all(context, &leases, std::iter::once((&row, fold)), HashSet::new()).await;
        for left in taken {
            self.inner.tell.send(Input::Adopt(Box::new(left))).map_err(|error| internal(&error))?;
        }
        adopted.insert(id);
        Ok(())
    }

    /// Refuses a call that only a server that works on this job would carry out.
    pub(super) async fn must_work_on(&self, job: JobId) -> Result<(), ApiError> {
        if self.works_on(job).await {
            return Ok(());
        }
        let message = format!("no server works on job {job}: call `headway resume {job}`, or start `headway serve`");
        Err(ApiError::Conflict { message })
    }
}

/// The refusal of a job whose recipe this server lacks.
fn no_recipe(job: JobId, recipe: &str) -> ApiError {
    let message = format!(
        "this server has no recipe {recipe:?}, so job {job} is left for a server that has it. To continue it, call \
         `headway resume {job}` with --config and the file that defines the recipe"
    );
    ApiError::NoRecipe { message }
}
