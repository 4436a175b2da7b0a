//! Removes the history of old jobs.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::join_all;

use super::super::Server;
use super::own_looks::OwnLooks;
use crate::clock::Jumps;
use crate::engine::ByPath;
use crate::error::internal;
use crate::retention::{FinishedJob, Removal, Retention};
use crate::steps::{OwnWork, Step, Steps};
use headway_files::Library;
use headway_model::{ApiError, JobId};
use headway_store::rows::{JobKey, JobRow};
use headway_store::{JobFilter, OverPages};

/// Rows removed at a time. Between two such steps live jobs get their turn.
const ROWS_PER_STEP: u32 = 500;

/// Jobs read at a time.
const JOBS_PER_READ: u32 = 200;

impl Server {
    /// Removes what retention says, and completes removals that were cut short. If something of a job cannot be
    /// removed or measured, that is reported and tried again at the next sweep, and the others are not affected.
    pub(super) async fn retain(&self, looks: &OwnLooks, retention: &Retention, jumps: &Jumps) -> Result<(), ApiError> {
        let mut kept = HashSet::new();
        loop {
            let rows = self.over().await?;
            let rows = rows.into_iter().filter(|row| !kept.contains(&row.summary.job));
            let (pruned, past): (Vec<_>, Vec<_>) = rows.partition(|row| row.summary.pruned);
            for row in &pruned {
                kept.extend(kept_by(row, self.trim(row).await));
            }
            if retention.is_forever() {
                return Ok(());
            }
            let bytes = self.store().bytes().await? + self.data_bytes().await?;
            let known = self.finished_jobs(looks, &past, jumps).await?;
            let due = retention.due(&known, bytes);
            if due.is_empty() {
                return Ok(());
            }
            for removal in due {
                let (Removal::Attempts(job) | Removal::History(job)) = removal;
                let Some(row) = past.iter().find(|row| row.summary.job == job) else { continue };
                let removed = match removal {
                    Removal::Attempts(_) => self.in_data(job, move |data| data.remove_attempts(&job)).await,
                    Removal::History(_) => self.prune(row).await,
                };
                kept.extend(kept_by(row, removed));
            }
        }
    }

    /// Every terminal job that has anything left, oldest first.
    async fn over(&self) -> Result<Vec<JobRow>, ApiError> {
        let mut rows = Vec::new();
        let mut pages = OverPages::new(&**self.store(), JOBS_PER_READ);
        while let Some(page) = pages.next().await? {
            rows.extend(page);
        }
        Ok(rows)
    }

    async fn finished_jobs(
        &self,
        looks: &OwnLooks,
        rows: &[JobRow],
        jumps: &Jumps,
    ) -> Result<Vec<FinishedJob>, ApiError> {
        let live = self.store().jobs(JobFilter::Live, u32::MAX).await?;
        let needed: HashSet<JobId> = live.iter().filter_map(|row| row.head.parent()).collect();
        let look = async |library: &Arc<Library>| {
            let looked = Arc::clone(library);
            (library.name.clone(), looks.look(library, Step::ListTrash, move || looked.trashes()).await)
        };
        let (mut trashes, mut unseen) = (HashSet::new(), HashSet::new());
        let libraries = self.every_library().await;
        let opened: HashSet<_> = libraries.iter().map(|library| library.name.clone()).collect();
        for (name, seen) in join_all(libraries.iter().map(look)).await {
            match seen {
                Ok(Ok(jobs)) => trashes.extend(jobs),
                // A disk that is missing, or does not answer, might hold originals of any of its jobs.
                Ok(Err(error)) => {
                    tracing::debug!(library = name, %error, "a library's trash cannot be read, so its jobs are kept");
                    unseen.insert(name);
                }
                Err(_) => drop(unseen.insert(name)),
            }
        }
        let (data, steps) = (Arc::clone(&self.inner.context.data), self.inner.context.steps.clone());
        let fact = |row: &JobRow| {
            let ended = row.summary.ended.unwrap_or(row.summary.created);
            let job = row.summary.job;
            // A folder that could not be opened might hold originals too.
            let is_missing = ByPath::is_path(&row.library) && !opened.contains(&row.library);
            let held = trashes.contains(&job) || unseen.contains(&row.library) || is_missing || needed.contains(&job);
            (job, jumps.age(ended, crate::now()), held)
        };
        let facts: Vec<_> = rows.iter().map(|row| (fact(row), row.library.clone())).collect();
        let known = tokio::task::spawn_blocking(move || {
            // The trash of a job is in the folder that had the name then, or in one that a person accepted later.
            let is_another = |job: &JobId, name: &str| {
                let Some(library) = libraries.iter().find(|library| library.name == name) else { return false };
                match data.grounds(job) {
                    Ok(grounds) => grounds.iter().any(|ground| library.is_another(Some(ground.root))),
                    Err(error) => {
                        tracing::warn!(job.id = %job, %error, "on what a job was planned cannot be read, so it is kept");
                        true
                    }
                }
            };
            let measured = |job| measured(&steps, job, || data.attempts_bytes(&job));
            let past = |((job, age, held), library): ((JobId, _, _), String)| {
                let held = held || is_another(&job, &library);
                FinishedJob { job, age, attempts: measured(job), held }
            };
            facts.into_iter().map(past).collect::<Vec<_>>()
        });
        known.await.map_err(|error| internal(&error))
    }

    /// Removes what a job wrote, records that its history is removed, and then removes that. As long as what it wrote
    /// cannot be removed, the job stays in the lists.
    async fn prune(&self, row: &JobRow) -> Result<(), ApiError> {
        let job = row.summary.job;
        self.in_data(job, move |data| data.remove_results(&job)).await?;
        let (_, folds) = self.store().folds(&[job]).await?;
        let Some(fold) = folds.into_iter().next() else { return Ok(()) };
        let key = JobKey { job_no: row.job_no, created_position: row.created_position, ..JobKey::default() };
        self.log().prune(key, fold).await?;
        tracing::info!(job.id = %job, title = row.summary.title, "the history of a job was removed");
        if let Some(row) = self.store().job(job).await? {
            self.trim(&row).await?;
        }
        Ok(())
    }

    /// Removes what is left of a job whose last event is `pruned`.
    async fn trim(&self, row: &JobRow) -> Result<(), ApiError> {
        let job = row.summary.job;
        self.in_data(job, move |data| data.remove_job(&job)).await?;
        while self.store().trim(row.job_no, row.last_position, ROWS_PER_STEP).await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// The size of what the data folder holds beside the log. What one job wrote is left out if it cannot be measured.
    pub(in crate::handle) async fn data_bytes(&self) -> Result<u64, ApiError> {
        let (data, steps) = (Arc::clone(&self.inner.context.data), self.inner.context.steps.clone());
        let sum = tokio::task::spawn_blocking(move || {
            let writers = data.writers()?;
            Ok(writers.into_iter().map(|job| measured(&steps, job, || data.bytes_of(&job))).sum::<u64>())
        });
        let sum: std::io::Result<u64> = sum.await.map_err(|error| internal(&error))?;
        sum.map_err(|error| internal(&error))
    }

    /// Removes something of an old job from the data folder.
    async fn in_data(
        &self,
        job: JobId,
        act: impl FnOnce(&headway_files::DataFolder) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), ApiError> {
        let (data, steps) = (Arc::clone(&self.inner.context.data), self.inner.context.steps.clone());
        let own = OwnWork::of_job(job, Step::RemoveHistory);
        let done = tokio::task::spawn_blocking(move || steps.carry_out(&own, || act(&data)));
        let done = done.await.map_err(|error| internal(&error))?;
        let done = done.map_err(|given_up| ApiError::Unavailable { message: given_up.to_string() })?;
        done.map_err(|error| ApiError::Unavailable { message: format!("its files in the data folder: {error}") })
    }
}

/// The job, if something of it could not be removed now.
fn kept_by(row: &JobRow, removed: Result<(), ApiError>) -> Option<JobId> {
    let (job, title) = (row.summary.job, &row.summary.title);
    let error = removed.err()?;
    tracing::warn!(job.id = %job, title, %error, "the history of an old job is not removed now");
    Some(job)
}

/// The size of what a job wrote; 0 if that is not known. Blocking.
fn measured(steps: &Steps, job: JobId, measure: impl FnOnce() -> std::io::Result<u64>) -> u64 {
    match steps.carry_out(&OwnWork::of_job(job, Step::Measure), measure) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            tracing::warn!(job.id = %job, %error, "the size of what a job wrote is not known, so it does not count");
            0
        }
        // The log says it.
        Err(_) => 0,
    }
}
