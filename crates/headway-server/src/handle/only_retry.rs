//! Keeps two jobs from running the same items of an earlier job again at the same time, and finds the jobs that do so.

use tokio::sync::MutexGuard;

use super::Server;
use super::queries::PAGE_LIMIT;
use headway_model::item::ItemLabel;
use headway_model::request::{ItemSelection, ItemsQuery, Query};
use headway_model::summary::LiveRetry;
use headway_model::{ApiError, Digest, JobId, JobStatus, StartJob};
use headway_store::rows::{ItemRow, JobRow};
use headway_store::{ItemPages, JobFilter};

impl Server {
    /// Refuses a request for items of another job that a live job with the same `work` runs again already, all of them: such as a
    /// retry that was asked for twice. While the caller holds what this returns, no other retry is started.
    pub(super) async fn only_retry(
        &self,
        id: JobId,
        request: &StartJob,
        work: Option<Digest>,
    ) -> Result<Option<MutexGuard<'_, ()>>, ApiError> {
        let Query::Items(ItemsQuery { job, which }) = &request.query else {
            return self.only_while_planned(request, work).await;
        };
        if *which == ItemSelection::Placed {
            return Ok(None);
        }
        let alone = self.inner.retry_starts.lock().await;
        let of = self.row(*job).await?;
        for retry in self.store().jobs(JobFilter::Retrying(*job), u32::MAX).await? {
            let summary = &retry.summary;
            // Two calls can start the same job.
            let is_other = summary.job != id && is_under_way(&retry);
            if !is_other || summary.recipe != request.recipe || retry.work != work {
                continue;
            }
            let Some(by) = self.items_query_of(&retry, Some(request)).await? else { continue };
            if self.covers(&of, &by, which).await? {
                let (by, status) = (summary.job, summary.status.text());
                let message = format!(
                    "job {by} is already running these files of {job} again ({status}); follow it, or cancel it first. \
                     Nothing was started."
                );
                return Err(ApiError::Conflict { message });
            }
        }
        Ok(Some(alone))
    }

    /// Refuses a request that tries some files of a plan first, if that plan runs by now: what it leaves out is decided already.
    async fn only_while_planned(
        &self,
        request: &StartJob,
        work: Option<Digest>,
    ) -> Result<Option<MutexGuard<'_, ()>>, ApiError> {
        let Some(parent) = request.parent.filter(|_| request.sample.is_some()) else { return Ok(None) };
        let alone = self.inner.retry_starts.lock().await;
        let Some(JobRow { summary, work: planned, .. }) = self.store().job(parent).await? else { return Ok(None) };
        let is_same = summary.recipe == request.recipe && planned == work;
        if !is_same || summary.status.is_terminal() || summary.status == JobStatus::Planned {
            return Ok(Some(alone));
        }
        let message = format!(
            "job {parent} is {}, so none of its files can be tried first; start a job without a parent. Nothing was started.",
            summary.status_text()
        );
        Err(ApiError::Conflict { message })
    }

    /// Those of these retries that are not over, with the items that they were started for.
    pub(super) async fn retrying(&self, retries: &[JobRow]) -> Result<Vec<LiveRetry>, ApiError> {
        let mut live = Vec::new();
        for retry in retries.iter().filter(|retry| is_under_way(retry)) {
            if let Some(which) = self.items_query_of(retry, None).await? {
                live.push(LiveRetry { job: retry.summary.job, title: retry.summary.title.clone(), which });
            }
        }
        Ok(live)
    }

    /// The items of its parent that this job runs; `None` if it might run only some of them. A job with conditions of its own does
    /// that, except for a request (`like`) with the same ones.
    async fn items_query_of(&self, retry: &JobRow, like: Option<&StartJob>) -> Result<Option<ItemSelection>, ApiError> {
        let Some(request) = self.request_of(retry).await? else { return Ok(None) };
        let is_whole = request.conditions.is_empty() || like.is_some_and(|like| like.conditions == request.conditions);
        Ok(match request.query {
            Query::Items(ItemsQuery { which, .. }) if is_whole && request.sample.is_none() => Some(which),
            _ => None,
        })
    }

    /// Whether `asked` takes any items of a job, and `by` takes all of them too.
    async fn covers(&self, of: &JobRow, by: &ItemSelection, asked: &ItemSelection) -> Result<bool, ApiError> {
        if by == asked {
            return Ok(true);
        }
        let is_taken = |row: &ItemRow| by.takes(row.item, row.state.status);
        if let ItemSelection::These(items) = asked {
            for some in items.chunks(PAGE_LIMIT as usize) {
                if !self.store().items_at(of.job_no, some).await?.iter().all(is_taken) {
                    return Ok(false);
                }
            }
            return Ok(!items.is_empty());
        }
        let label = match asked {
            ItemSelection::Failed => Some(ItemLabel::Failed),
            ItemSelection::Cancelled => Some(ItemLabel::Cancelled),
            ItemSelection::Errors | ItemSelection::Placed | ItemSelection::These(_) => None,
        };
        let mut pages = ItemPages::new(&**self.store(), of.job_no, PAGE_LIMIT).with_status(label);
        let mut has_any = false;
        while let Some(rows) = pages.next().await? {
            for row in rows.iter().filter(|row| asked.takes(row.item, row.state.status)) {
                has_any = true;
                if !is_taken(row) {
                    return Ok(false);
                }
            }
        }
        Ok(has_any)
    }
}

/// Whether a job still runs its items. One that is being cancelled does not.
fn is_under_way(retry: &JobRow) -> bool {
    !retry.summary.status.is_terminal() && retry.summary.status != JobStatus::Cancelling
}
