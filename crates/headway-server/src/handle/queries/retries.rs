//! The jobs that ran files of another job again, and what became of those files.

use std::collections::{BTreeSet, HashMap};

use super::super::Server;
use super::PAGE_LIMIT;
use super::trials::FollowingKind;
use crate::error::internal;
use crate::placements::undone_items;
use headway_model::item::ItemLabel;
use headway_model::summary::{ItemRetry, ItemView, LiveRetry};
use headway_model::{ApiError, Counters, ItemStatus, JobId, JobStatus, JobSummary, RelPath, SkipReason, StartJob};
use headway_store::rows::JobRow;
use headway_store::{ItemPages, JobFilter};

/// How many of them a job's page lists: the newest.
const TOLD: usize = 10;

/// For a job with more errors, later jobs are not searched for results.
const ERRORS_LIMIT: u32 = 10_000;

/// The items of at most this many jobs are read: of those that ran its files again, of those that ran files of these again, and
/// so on.
const FOLLOWED: usize = 1_000;

/// The jobs that did the work of another one for some of its files, and what they did.
pub(super) struct LaterJobs {
    /// The newest that ran files again.
    pub(super) retries: Vec<JobSummary>,
    /// Those that are not over.
    pub(super) retrying: Vec<LiveRetry>,
    /// The newest that tried files first.
    pub(super) tried: Vec<JobSummary>,
    /// The items that they have done.
    pub(super) done_since: Vec<u32>,
}

impl Server {
    /// The jobs that did the work of this one for some of its files.
    pub(super) async fn later_jobs(&self, row: &JobRow) -> Result<LaterJobs, ApiError> {
        let (retries, tried) = (self.retries(row).await?, self.tried(row).await?);
        let done_since = match row.summary.status {
            JobStatus::Planned => self.done_in_trials(row, &tried).await?,
            _ => self.done_since(row, &retries).await?,
        };
        let retrying = self.retrying(&retries).await?;
        let told = |rows: Vec<JobRow>| rows.into_iter().take(TOLD).map(|row| row.summary).collect::<Vec<_>>();
        Ok(LaterJobs { retries: told(retries), retrying, tried: told(tried), done_since })
    }

    /// The jobs that did the work of this one again for some of its files, newest first. A job of another recipe, or
    /// with another command, is not a retry.
    pub(super) async fn retries(&self, of: &JobRow) -> Result<Vec<JobRow>, ApiError> {
        let JobSummary { counters, status, .. } = &of.summary;
        let has_some = counters.has_errors() || counters.cancelled > 0;
        if !status.is_terminal() || !has_some {
            return Ok(Vec::new());
        }
        self.following(of, FollowingKind::Retry).await
    }

    /// The earlier job whose files the job of this request runs again, or which it undoes, if there is such a job.
    pub(super) async fn earlier(&self, request: Option<&StartJob>) -> Result<Option<JobSummary>, ApiError> {
        let Some(parent) = request.and_then(|request| request.parent) else { return Ok(None) };
        Ok(self.store().job(parent).await?.map(|row| row.summary))
    }

    /// The files that a job left done, or found done, and that no undo has put back since.
    pub(super) async fn done_by(&self, row: &JobRow) -> Result<Vec<RelPath>, ApiError> {
        let undone = undone_items(&**self.store(), row.summary.job, row.job_no).await;
        let undone = undone.map_err(|error| internal(&error))?;
        let is_done = |status| {
            let found_done = matches!(status, ItemStatus::Skipped { reason: SkipReason::Done | SkipReason::Moved, .. });
            found_done || matches!(status, ItemStatus::Succeeded(_))
        };
        let mut done = Vec::new();
        for label in done_labels(&row.summary.counters) {
            let mut pages = ItemPages::new(&**self.store(), row.job_no, PAGE_LIMIT).with_status(Some(label));
            while let Some(rows) = pages.next().await? {
                let rows = rows.into_iter().filter(|row| is_done(row.state.status) && !undone.contains(&row.item));
                done.extend(rows.map(|row| row.file.path));
            }
        }
        Ok(done)
    }

    /// The items of this job that failed or were missed and that later jobs have done, in order.
    pub(super) async fn done_since(&self, row: &JobRow, retries: &[JobRow]) -> Result<Vec<u32>, ApiError> {
        let counters = &row.summary.counters;
        if retries.is_empty() || counters.failed + counters.missed > ERRORS_LIMIT {
            return Ok(Vec::new());
        }
        let mut repeated: HashMap<JobId, Vec<JobRow>> = HashMap::new();
        for again in self.store().jobs(JobFilter::Repeating(row.summary.job), u32::MAX).await? {
            let of = again.head.parent();
            // What tried its files first came before.
            let is_later = of != Some(row.summary.job) || retries.iter().any(|retry| retry.job_no == again.job_no);
            if let Some(of) = of.filter(|_| is_later) {
                repeated.entry(of).or_default().push(again);
            }
        }
        let (mut open, mut read, mut done) = (vec![row.summary.job], 0, Vec::new());
        while let Some(retries) = open.pop().map(|job| repeated.remove(&job).unwrap_or_default()) {
            open.extend(retries.iter().map(|retry| retry.summary.job));
            for retry in retries.iter().filter(|retry| !done_labels(&retry.summary.counters).is_empty()) {
                if read < FOLLOWED {
                    read += 1;
                    done.extend(self.done_by(retry).await?);
                }
            }
        }
        if done.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.store().items_for(&[row.job_no], &done).await?;
        let items = rows.into_iter().filter(|row| row.state.status.is_error()).map(|row| row.item);
        Ok(items.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Reports for each item that did not succeed in what state the newest of these jobs that has its file left it.
    pub(super) async fn say_retried(&self, row: &JobRow, items: &mut [ItemView]) -> Result<(), ApiError> {
        let can_be =
            |item: &ItemView| matches!(item.status, ItemLabel::Failed | ItemLabel::Skipped | ItemLabel::Cancelled);
        let paths: Vec<_> = items.iter().filter(|item| can_be(item)).map(|item| item.path.clone()).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let jobs: HashMap<_, _> =
            self.retries(row).await?.into_iter().map(|row| (row.job_no, row.summary.job)).collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let numbers: Vec<_> = jobs.keys().copied().collect();
        let mut rows = self.store().items_for(&numbers, &paths).await?;
        rows.sort_by_key(|row| row.job_no);
        // Of two, the newer stays.
        let retried: HashMap<_, _> = rows.into_iter().map(|row| (row.file.path.clone(), row)).collect();
        for item in items.iter_mut().filter(|item| can_be(item)) {
            let row = retried.get(&item.path);
            item.retried = row
                .and_then(|row| Some((*jobs.get(&row.job_no)?, row.state.status.label())))
                .map(|(job, status)| ItemRetry { job, status });
        }
        Ok(())
    }
}

/// The labels of the items that a job did, or found done. Its counters say how many it did not do, without a look at
/// its items. A missed item does not count as found done.
fn done_labels(counters: &Counters) -> Vec<ItemLabel> {
    let found = counters.skipped.saturating_sub(counters.missed);
    let labels = [(ItemLabel::Succeeded, counters.succeeded), (ItemLabel::Skipped, found)];
    labels.into_iter().filter(|(_, count)| *count > 0).map(|(label, _)| label).collect()
}
