//! The list of jobs, in each of its orders.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::{Server, checks};
use super::PAGE_LIMIT;
use headway_model::find::{FindJobs, JobShow, JobSort};
use headway_model::summary::{AsideJob, JobPage, ListedJobs};
use headway_model::{ApiError, JobId, JobSummary};
use headway_store::JobFilter;
use headway_store::rows::JobRow;

impl Server {
    /// A page of jobs in the requested order, and on which of them no server works.
    ///
    /// # Errors
    /// As of [`Server::jobs`].
    pub async fn listed_jobs(
        &self,
        before: Option<JobId>,
        limit: u32,
        find: &FindJobs,
    ) -> Result<ListedJobs, ApiError> {
        let page = self.jobs(before, limit, find).await?;
        let no_server = page.jobs.iter().filter(|job| self.is_left(job)).map(|job| job.job).collect();
        Ok(ListedJobs { page, no_server })
    }

    /// A page of jobs in the requested order: those after the job `before`. That job might have left the list since, because
    /// it went on or its history was removed. Its place is still known.
    pub async fn jobs(&self, before: Option<JobId>, limit: u32, find: &FindJobs) -> Result<JobPage, ApiError> {
        checks::job_search(&find.search).map_err(|error| ApiError::invalid(error.to_string()))?;
        let limit = limit.clamp(1, PAGE_LIMIT) as usize;
        let behind = match before {
            None => None,
            Some(before) => Some(self.store().job(before).await?.ok_or_else(|| no_place(before))?),
        };
        let (mut page, oldest) = match find.sort {
            JobSort::Newest => {
                let page = self.newest_jobs(before, limit, find).await?;
                let oldest = page.jobs.last().map(|job| job.job);
                (page, oldest)
            }
            JobSort::Took | JobSort::Files | JobSort::Failed => {
                (self.sorted_jobs(behind.as_ref(), limit, find).await?, None)
            }
        };
        if !page.jobs.is_empty() {
            self.say_undone(&mut page.jobs, oldest).await?;
        }
        if before.is_none() {
            let aside = self.store().aside().await?;
            page.set_aside = aside.iter().map(|aside| AsideJob { job: aside.job, message: aside.advice() }).collect();
        }
        Ok(page)
    }

    /// Reads how far jobs were undone only if the list asks for that: it takes a look at every undo.
    pub(super) async fn undone_among(&self, find: &FindJobs) -> Result<UndoneAmong, ApiError> {
        let undone = if find.show == JobShow::Undone { self.undone_jobs(None).await? } else { BTreeMap::new() };
        Ok(UndoneAmong(undone))
    }

    /// A page of jobs in an order that no index has, so every job is read.
    async fn sorted_jobs(&self, behind: Option<&JobRow>, limit: usize, find: &FindJobs) -> Result<JobPage, ApiError> {
        let (cursor, wanted) = (self.cursor().await?, self.undone_among(find).await?);
        let (mut jobs, mut before) = (Vec::new(), None);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), PAGE_LIMIT).await?;
            let is_end = rows.len() < PAGE_LIMIT as usize;
            before = rows.last().map(|row| row.summary.job);
            let found = rows.into_iter().map(|row| (row.job_no, wanted.told(row.summary)));
            jobs.extend(found.filter(|(_, job)| find.has(job)));
            if is_end {
                break;
            }
        }
        // Of equal ones, the newer comes first.
        let place = |job_no: u64, job: &JobSummary| (Reverse(find.sort.key(job)), Reverse(job_no));
        jobs.sort_by_key(|(job_no, job)| place(*job_no, job));
        let from = behind.map_or(0, |row| {
            let last = place(row.job_no, &row.summary);
            jobs.partition_point(|(job_no, job)| place(*job_no, job) <= last)
        });
        let mut jobs: Vec<_> = jobs.into_iter().map(|(_, job)| job).skip(from).take(limit + 1).collect();
        let is_more = jobs.len() > limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| is_more).map(|job| job.job);
        Ok(JobPage { jobs, next, cursor, set_aside: Vec::new() })
    }

    async fn newest_jobs(&self, before: Option<JobId>, limit: usize, find: &FindJobs) -> Result<JobPage, ApiError> {
        let (cursor, wanted) = (self.cursor().await?, self.undone_among(find).await?);
        // With a filter, more are read at a time, because few of them might match.
        let read = if find.is_all() { limit } else { PAGE_LIMIT as usize };
        let (mut jobs, mut before) = (Vec::new(), before);
        loop {
            let rows = self.store().jobs(JobFilter::Before(before), read as u32).await?;
            let is_end = rows.len() < read;
            for JobRow { summary, .. } in rows {
                before = Some(summary.job);
                let summary = wanted.told(summary);
                if find.has(&summary) {
                    jobs.push(summary);
                }
                if jobs.len() == limit {
                    return Ok(JobPage { jobs, next: before, cursor, set_aside: Vec::new() });
                }
            }
            if is_end {
                return Ok(JobPage { jobs, next: None, cursor, set_aside: Vec::new() });
            }
        }
    }
}

/// How far jobs were undone, if a list asks for those that were.
pub(super) struct UndoneAmong(BTreeMap<JobId, &'static str>);

impl UndoneAmong {
    /// The summary, with that.
    pub(super) fn told(&self, job: JobSummary) -> JobSummary {
        let undone_as = self.0.get(&job.job).map(|word| (*word).to_owned());
        JobSummary { undone_as, ..job }
    }
}

/// The refusal of a page after a job that was never there: an empty page would say that nothing comes after it.
fn no_place(before: JobId) -> ApiError {
    let message = format!("before must be the id of a job, and there is no job {before}: begin at the first page");
    ApiError::Malformed { message }
}
