//! The items of a job: page by page, by what a filter selects, and in groups.

use std::sync::Arc;

use super::super::{Server, checks};
use super::PAGE_LIMIT;
use super::planned::UNLISTED;
use headway_model::groups::{GroupBy, ItemGroups};
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::item_filter::{ItemFilter, MatchingItems};
use headway_model::library::{Pattern, SEARCH_LIMIT};
use headway_model::summary::{ItemPage, ItemView};
use headway_model::{ApiError, ItemStatus, JobId, SkipReason};
use headway_store::ItemPages;
use headway_store::rows::ItemRow;

impl Server {
    /// A page of a job's items.
    pub async fn items(
        &self,
        id: JobId,
        after: Option<u32>,
        limit: u32,
        filter: &ItemFilter,
    ) -> Result<ItemPage, ApiError> {
        let row = self.row(id).await?;
        let limit = limit.clamp(1, PAGE_LIMIT);
        let from = after.map_or(0, |after| after.saturating_add(1)).max(filter.first.unwrap_or(0));
        let (mut rows, mut next) = match self.these(id, filter).await? {
            None => {
                let rows = match filter.status {
                    None => self.store().items(row.job_no, from, limit, None).await?,
                    Some(StatusFilter::Label(label)) => {
                        self.store().items(row.job_no, from, limit, Some(label)).await?
                    }
                    Some(filter) => self.filtered(row.job_no, from, limit, filter).await?,
                };
                let is_full = rows.len() == limit as usize;
                let next = rows.last().map(|row| row.item).filter(|_| is_full);
                (rows, next)
            }
            Some(these) => self.page_of(row.job_no, &these, from, limit as usize, filter.status).await?,
        };
        if let Some(last) = filter.last {
            rows.retain(|row| row.item <= last);
            next = next.filter(|next| *next < last);
        }
        let mut items: Vec<_> = rows.into_iter().map(item_view).collect();
        self.say_planned(&row, &mut items).await?;
        self.say_retried(&row, &mut items).await?;
        self.say_kept(&row, &mut items).await;
        self.say_noted(&row, &mut items).await?;
        Ok(ItemPage { items, next, seq: row.summary.seq })
    }

    /// The first items from this one on that a filter lists, in order: some of the skipped, and, if they are errors, the failed.
    async fn filtered(
        &self,
        job_no: u64,
        from: u32,
        limit: u32,
        filter: StatusFilter,
    ) -> Result<Vec<ItemRow>, ApiError> {
        let mut found = match filter {
            StatusFilter::Errors => self.store().items(job_no, from, limit, Some(ItemLabel::Failed)).await?,
            StatusFilter::Label(_) | StatusFilter::LeftOut | StatusFilter::Missed => Vec::new(),
        };
        let skipped = ItemPages::new(Arc::clone(self.store()), job_no, limit).with_status(Some(ItemLabel::Skipped));
        let (mut pages, mut some) = (skipped.starting_at(from), Vec::new());
        while some.len() < limit as usize
            && let Some(skipped) = pages.next().await?
        {
            some.extend(skipped.into_iter().filter(|row| row.state.status.is_listed_by(filter)));
        }
        found.append(&mut some);
        found.sort_by_key(|row| row.item);
        found.truncate(limit as usize);
        Ok(found)
    }

    /// The items that a filter selects by cause or name; `None` if it does neither.
    async fn these(&self, id: JobId, filter: &ItemFilter) -> Result<Option<Vec<u32>>, ApiError> {
        let mut these = None;
        if let Some(key) = &filter.cause {
            these = Some(match SkipReason::of_key(key) {
                Some(reason) => self.skipped(id, reason).await?,
                None => {
                    let cause = self.causes(id).await?.causes.into_iter().find(|cause| cause.key == *key);
                    cause.map(|cause| cause.items).unwrap_or_default()
                }
            });
        }
        if let Some(name) = &filter.name {
            let named = self.named(id, name).await?.items;
            let both = |these: Vec<u32>| these.into_iter().filter(|item| named.binary_search(item).is_ok()).collect();
            these = Some(these.map_or_else(|| named.clone(), both));
        }
        Ok(these)
    }

    /// A page of these items, and its last item if there are more.
    async fn page_of(
        &self,
        job_no: u64,
        these: &[u32],
        from: u32,
        limit: usize,
        status: Option<StatusFilter>,
    ) -> Result<(Vec<ItemRow>, Option<u32>), ApiError> {
        let mut rows = Vec::new();
        for some in these[these.partition_point(|item| *item < from)..].chunks(PAGE_LIMIT as usize) {
            let read = self.store().items_at(job_no, some).await?;
            rows.extend(
                read.into_iter().filter(|row| status.is_none_or(|status| row.state.status.is_listed_by(status))),
            );
            if rows.len() > limit {
                rows.truncate(limit);
                let next = rows.last().map(|row| row.item);
                return Ok((rows, next));
            }
        }
        Ok((rows, None))
    }

    /// The items of a job whose path matches what a person typed.
    pub async fn named(&self, id: JobId, name: &str) -> Result<MatchingItems, ApiError> {
        let row = self.row(id).await?;
        let pattern = Pattern::new(name).filter(|_| checks::search(name).is_ok()).ok_or_else(|| {
            let message =
                format!("name must be a part of a path, or a pattern with * and ?, of 1 to {SEARCH_LIMIT} bytes");
            ApiError::Malformed { message }
        })?;
        Ok(self.store().named(row.job_no, &pattern).await?)
    }

    /// The groups of a job's items.
    pub async fn groups(&self, id: JobId, by: GroupBy) -> Result<ItemGroups, ApiError> {
        let row = self.row(id).await?;
        Ok(self.store().groups(row.job_no, by).await?)
    }

    /// These items of a job, in order; at most one page of them.
    pub async fn items_at(&self, id: JobId, items: &[u32]) -> Result<Vec<ItemView>, ApiError> {
        let row = self.row(id).await?;
        let items = items.get(..PAGE_LIMIT as usize).unwrap_or(items);
        let rows = self.store().items_at(row.job_no, items).await?;
        let mut items: Vec<_> = rows.into_iter().map(item_view).collect();
        self.say_planned(&row, &mut items).await?;
        self.say_retried(&row, &mut items).await?;
        self.say_kept(&row, &mut items).await;
        self.say_noted(&row, &mut items).await?;
        Ok(items)
    }
}

/// An item as callers read it.
pub(in crate::handle) fn item_view(row: ItemRow) -> ItemView {
    // Its attempt will fail: it only finds out why.
    let unlisted = row.file.is_unlisted() && row.state.status == ItemStatus::Waiting;
    let unlisted = unlisted.then(|| UNLISTED.to_owned());
    ItemView {
        item: row.item,
        path: row.file.path,
        size: row.file.size,
        rerun: row.file.rerun,
        becomes: row.file.becomes,
        output: None,
        will: None,
        retried: None,
        status: row.state.status.label(),
        reason: row.state.status.reason().map(Into::into),
        message: row.state.message.or(unlisted),
        missed: row.state.status.is_missed(),
        attempt: row.state.attempt,
        result: row.state.result.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}
