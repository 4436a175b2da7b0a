//! The jobs that ran files of another job again, and what became of those files.

use std::collections::HashMap;

use super::super::Server;
use headway_model::item::ItemLabel;
use headway_model::summary::{ItemRetry, ItemView};
use headway_model::{ApiError, JobSummary};
use headway_store::JobFilter;
use headway_store::rows::JobRow;

/// How many of them are told: the newest.
const TOLD: u32 = 10;

impl Server {
    /// The newest jobs that ran files of this one again, newest first.
    pub(super) async fn retries(&self, of: &JobSummary) -> Result<Vec<JobRow>, ApiError> {
        let has_some = of.counters.has_errors() || of.counters.cancelled > 0;
        if !of.status.is_terminal() || !has_some {
            return Ok(Vec::new());
        }
        Ok(self.store().jobs(JobFilter::Retrying(of.job), TOLD).await?)
    }

    /// Says of each item that did not succeed how the newest of these jobs that has its file left it.
    pub(super) async fn say_retried(&self, row: &JobRow, items: &mut [ItemView]) -> Result<(), ApiError> {
        let can_be =
            |item: &ItemView| matches!(item.status, ItemLabel::Failed | ItemLabel::Skipped | ItemLabel::Cancelled);
        let paths: Vec<_> = items.iter().filter(|item| can_be(item)).map(|item| item.path.clone()).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let jobs: HashMap<_, _> =
            self.retries(&row.summary).await?.into_iter().map(|row| (row.job_no, row.summary.job)).collect();
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
