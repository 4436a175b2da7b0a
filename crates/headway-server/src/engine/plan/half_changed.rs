//! The files that earlier jobs might have left half changed, for a job that retries their items. Such a file might be what
//! the earlier job made of the original, so it is not processed before the disk tells.

use std::collections::{HashMap, HashSet};

use super::super::{ActiveJob, Context};
use super::ITEMS_AT_ONCE;
use super::lineage::request_of;
use crate::placements::{Changes, unclear};
use headway_files::Change;
use headway_model::item::{ItemLabel, ItemStatus, SkipReason};
use headway_model::request::ItemsQuery;
use headway_model::{JobId, PauseReason, Query, RelPath};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// The files of which the log does not say how far their change got, with that change; `None` if the change is not in the
/// log. A retry that skipped a file for this reason has not touched it: then the job before it tells.
pub(super) async fn half_changed(
    context: &Context,
    active: &ActiveJob,
    mut job: JobId,
) -> Result<HashMap<RelPath, Option<Change>>, Unable> {
    let store = &*context.store;
    let mut found = HashMap::new();
    // The files that every later job skipped; `None` before the first job.
    let mut asked: Option<HashSet<RelPath>> = None;
    while let Some(row) = store.job(job).await? {
        let is_asked = |path: &RelPath| asked.as_ref().is_none_or(|asked| asked.contains(path));
        let mut open = Changes::read(store, row.job_no).await?.open;
        let left = unclear(store, row.job_no, &mut open).await?;
        found.extend(left.into_iter().filter(|left| is_asked(&left.path)).map(|left| (left.path, left.change)));
        let passed_over = passed_over(context, row.job_no).await?.into_iter().filter(is_asked).collect::<HashSet<_>>();
        let earlier = request_of(context, row.job_no).await?.map(|request| request.query);
        match earlier {
            Some(Query::Items(ItemsQuery { job: earlier, .. })) if !passed_over.is_empty() => job = earlier,
            Some(_) | None => break,
        }
        asked = Some(passed_over);
    }
    match found.is_empty() || active.is_same_library() {
        true => Ok(found),
        false => Err(Unable::Environment(PauseReason::LibraryGone)),
    }
}

/// The files that a job skipped because an earlier one might have left them half changed.
async fn passed_over(context: &Context, job_no: u64) -> Result<Vec<RelPath>, Unable> {
    let mut paths = Vec::new();
    let mut pages = ItemPages::new(&*context.store, job_no, ITEMS_AT_ONCE).with_status(Some(ItemLabel::Skipped));
    while let Some(rows) = pages.next().await? {
        let is_passed_over =
            |status| matches!(status, ItemStatus::Skipped { reason: SkipReason::HalfChanged, planned: true });
        paths.extend(rows.into_iter().filter(|row| is_passed_over(row.state.status)).map(|row| row.file.path));
    }
    Ok(paths)
}
