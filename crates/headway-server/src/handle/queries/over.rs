//! What can be done to all jobs of a list that are over.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use futures::future::join_all;

use super::super::{Server, Started, checks};
use super::PAGE_LIMIT;
use headway_files::{Library, Trashed};
use headway_model::find::FindJobs;
use headway_model::item::ItemLabel;
use headway_model::request::ItemSelection;
use headway_model::summary::{JobView, JobsWithFiles, OverJobs};
use headway_model::{ApiError, JobId, JobKind};
use headway_store::rows::{ItemRow, JobRow};
use headway_store::{ItemPages, JobFilter};

impl Server {
    /// Of the jobs that a list shows and that are over: those with files to retry, and those with something in their trash.
    pub async fn over_jobs(&self, find: &FindJobs) -> Result<OverJobs, ApiError> {
        let over = self.over_in(find).await?;
        let mut retry = JobsWithFiles::default();
        for row in &over {
            let files = self.files_to_retry(row).await?;
            if files > 0 {
                retry.jobs.push(row.summary.job);
                retry.files += files;
            }
        }
        let (trash, unknown) = self.trashes_of(over.iter().map(|row| row.summary.job).collect()).await;
        Ok(OverJobs { retry, trash, unknown })
    }

    /// Starts the job `new`, which runs again what failed or was missed in `id`. What a later job has tried is left to that job.
    pub async fn retry_errors(&self, id: JobId, new: JobId) -> Result<(Started, JobView), ApiError> {
        let row = self.row(id).await?;
        let request = self.request_of(&row).await?;
        let request = request.filter(|_| row.summary.status.is_terminal() && can_be_retried(&row));
        let retries = self.retries(&row).await?;
        let which = match retries.as_slice() {
            [] => ItemSelection::Errors,
            tried => ItemSelection::These(self.untried(&row, tried).await?),
        };
        match request.filter(|_| which != ItemSelection::These(Vec::new())) {
            Some(request) => self.start_job(new, &request.again(id, which)).await,
            None => {
                let message = format!("job {id} has no file that failed and that no later job has tried");
                Err(ApiError::Conflict { message })
            }
        }
    }

    /// Every job that is over and that the list shows, newest first.
    async fn over_in(&self, find: &FindJobs) -> Result<Vec<JobRow>, ApiError> {
        checks::job_search(&find.search).map_err(|error| ApiError::invalid(error.to_string()))?;
        let wanted = self.undone_among(find).await?;
        let (mut over, mut before) = (Vec::new(), None);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), PAGE_LIMIT).await?;
            let is_end = rows.len() < PAGE_LIMIT as usize;
            before = rows.last().map(|row| row.summary.job);
            let told = rows.into_iter().map(|row| JobRow { summary: wanted.told(row.summary), ..row });
            over.extend(told.filter(|row| row.summary.status.is_terminal() && find.has(&row.summary)));
            if is_end {
                return Ok(over);
            }
        }
    }

    /// How many files of this job failed or were missed and were not tried by a later job.
    async fn files_to_retry(&self, row: &JobRow) -> Result<u64, ApiError> {
        let counters = &row.summary.counters;
        if !can_be_retried(row) {
            return Ok(0);
        }
        match self.retries(row).await?.as_slice() {
            [] => Ok(u64::from(counters.failed) + u64::from(counters.missed)),
            tried => Ok(self.untried(row, tried).await?.len() as u64),
        }
    }

    /// The items of this job that failed or were missed and that none of these jobs has, in order.
    async fn untried(&self, row: &JobRow, tried: &[JobRow]) -> Result<Vec<u32>, ApiError> {
        let numbers: Vec<_> = tried.iter().map(|row| row.job_no).collect();
        let mut untried = Vec::new();
        for label in [ItemLabel::Failed, ItemLabel::Skipped] {
            let mut pages = ItemPages::new(&**self.store(), row.job_no, PAGE_LIMIT).with_status(Some(label));
            while let Some(rows) = pages.next().await? {
                let errors: Vec<_> = rows.into_iter().filter(|row| row.state.status.is_error()).collect();
                let paths: Vec<_> = errors.iter().map(|row| row.file.path.clone()).collect();
                let later = self.store().items_for(&numbers, &paths).await?;
                let later: HashSet<_> = later.into_iter().map(|row| row.file.path).collect();
                let is_left = |row: &&ItemRow| !later.contains(&row.file.path);
                untried.extend(errors.iter().filter(is_left).map(|row| row.item));
            }
        }
        untried.sort_unstable();
        Ok(untried)
    }

    /// Those of these jobs with something in their trash, and of how many folders that cannot be determined now.
    async fn trashes_of(&self, wanted: BTreeSet<JobId>) -> (JobsWithFiles, u64) {
        let (others, mut unknown) = self.unserved().await;
        let served = self.inner.context.libraries.now();
        let wanted = Arc::new(wanted);
        let libraries: Vec<_> = served.iter().map(Arc::clone).chain(others).collect();
        let seen = join_all(libraries.iter().map(|library| self.trashes_in(library, &wanted))).await;
        let mut held = BTreeMap::new();
        for seen in seen {
            match seen {
                Some(trashes) => held.extend(trashes),
                None => unknown += 1,
            }
        }
        let mut trash = JobsWithFiles::default();
        for (job, Trashed { files, bytes }) in held {
            trash.jobs.push(job);
            trash.files += files;
            trash.bytes += bytes;
        }
        (trash, unknown)
    }

    /// How much the trashes of these jobs hold in a library; `None` if that cannot be determined now.
    async fn trashes_in(&self, library: &Arc<Library>, wanted: &Arc<BTreeSet<JobId>>) -> Option<Vec<(JobId, Trashed)>> {
        let (looked, wanted) = (Arc::clone(library), Arc::clone(wanted));
        let look = self.inner.looks.look(&library.name, move || {
            let jobs = looked.trashes()?.into_iter().filter(|job| wanted.contains(job));
            jobs.map(|job| Ok((job, looked.trashed(job)?))).collect::<io::Result<_>>()
        });
        look.await?.ok()
    }
}

/// Whether anything in the job failed or was missed. An undo is not retried: the other job is undone again.
fn can_be_retried(row: &JobRow) -> bool {
    row.summary.counters.has_errors() && JobKind::of(&row.summary.recipe) != JobKind::Undo
}
