//! Why items failed or were skipped, and which ones.

use std::sync::Arc;

use super::super::Server;
use super::{PAGE_LIMIT, item_view};
use headway_model::causes::{CAUSES_LIMIT, Causes, Sorter};
use headway_model::item::ItemLabel;
use headway_model::{ApiError, ItemStatus, JobId, SkipReason};
use headway_store::ItemPages;
use headway_store::rows::ItemRow;

impl Server {
    /// Why the failed items of a job failed, by cause.
    pub async fn causes(&self, id: JobId) -> Result<Causes, ApiError> {
        let row = self.row(id).await?;
        let mut pages =
            ItemPages::new(Arc::clone(self.store()), row.job_no, PAGE_LIMIT).with_status(Some(ItemLabel::Failed));
        let (mut sorter, mut seen) = (Sorter::default(), 0);
        while seen < CAUSES_LIMIT
            && let Some(rows) = pages.next().await?
        {
            seen += rows.len();
            rows.into_iter().for_each(|row| sorter.add(row.state.status, &item_view(row)));
        }
        // The count is older than the items: in a running job, more can have failed since, which the next call
        // includes.
        let more = (row.summary.counters.failed as usize).saturating_sub(seen);
        Ok(sorter.sorted(u32::try_from(more).unwrap_or(u32::MAX)))
    }

    /// The items of a job that were skipped for a reason.
    pub(super) async fn skipped(&self, id: JobId, wanted: SkipReason) -> Result<Vec<u32>, ApiError> {
        let row = self.row(id).await?;
        let mut pages =
            ItemPages::new(Arc::clone(self.store()), row.job_no, PAGE_LIMIT).with_status(Some(ItemLabel::Skipped));
        let mut these = Vec::new();
        while let Some(rows) = pages.next().await? {
            let is_wanted =
                |row: &ItemRow| matches!(row.state.status, ItemStatus::Skipped { reason, .. } if reason == wanted);
            these.extend(rows.into_iter().filter(is_wanted).map(|row| row.item));
        }
        Ok(these)
    }
}
