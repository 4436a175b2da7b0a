//! The files that earlier jobs might have left half changed, for a job that retries their items. Such a file might be what
//! the earlier job made of the original, so it is not processed before the disk tells.

use std::collections::{HashMap, HashSet};

use super::super::{ActiveJob, Context};
use super::ITEMS_AT_ONCE;
use crate::placements::{Changes, put_back, unclear};
use headway_files::Change;
use headway_model::item::{ItemLabel, ItemStatus, SkipReason};
use headway_model::request::ItemsQuery;
use headway_model::{JobId, PauseReason, Query, RelPath};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// What an earlier job might have left half changed.
pub(super) struct HalfChanged {
    /// The change; `None` if it is not in the log.
    pub(super) change: Option<Change>,
    /// Whether the job did what the retry is to do, so that nothing is left to do if the change was made after all.
    pub(super) is_same_work: bool,
}

/// The files whose change the log leaves open: it does not tell how far the change got. A retry that skipped a file for this reason has not
/// touched it: then the job before it tells. A change that an undo has put back leaves nothing to ask.
pub(super) async fn half_changed(
    context: &Context,
    active: &ActiveJob,
    mut job: JobId,
) -> Result<HashMap<RelPath, HalfChanged>, Unable> {
    let store = &*context.store;
    let work = store.job(active.job).await?.and_then(|row| row.work);
    let mut found = HashMap::new();
    // The files that every later job skipped; `None` for the job that is retried: all of its files.
    let mut asked: Option<HashSet<RelPath>> = None;
    while let Some(row) = store.job(job).await? {
        let is_asked = |path: &RelPath| asked.as_ref().is_none_or(|asked| asked.contains(path));
        // Only what failed can be left half changed.
        if row.summary.counters.failed > 0 {
            let mut open = Changes::read(store, row.job_no).await?.open;
            let put_back = put_back(store, job, None).await?;
            let is_back = |change: &Change| put_back.contains(&change.path());
            let is_same_work = row.work.is_some() && row.work == work;
            let left = unclear(store, row.job_no, &mut open).await?.into_iter();
            let left = left.filter(|left| is_asked(&left.path) && !left.change.as_ref().is_some_and(is_back));
            found.extend(left.map(|left| (left.path, HalfChanged { change: left.change, is_same_work })));
        }
        let earlier = context.request(row.job_no).await?.map(|request| request.query);
        let Some(Query::Items(ItemsQuery { job: earlier, .. })) = earlier else { break };
        let passed_over = passed_over(context, row.job_no).await?.into_iter().filter(is_asked).collect::<HashSet<_>>();
        if passed_over.is_empty() {
            break;
        }
        (job, asked) = (earlier, Some(passed_over));
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
