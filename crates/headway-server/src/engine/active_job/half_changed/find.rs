//! Finds the files that earlier jobs might have left half changed: the log does not tell how far their changes got.

use std::collections::{HashMap, HashSet};

use super::super::super::Context;
use super::super::ActiveJob;
use super::HalfChanged;
use crate::placements::{Changes, put_back, unclear};
use headway_files::Change;
use headway_model::item::{ItemLabel, ItemStatus, SkipReason};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::{JobId, PauseReason, Query, RelPath};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// How many items are read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

impl ActiveJob {
    /// The job whose items this one runs again, if it changes files.
    pub(in crate::engine::active_job) fn retried(&self) -> Option<JobId> {
        match &self.request.query {
            Query::Items(ItemsQuery { job, which }) if *which != ItemSelection::Placed => {
                Some(*job).filter(|_| !self.only_reads())
            }
            _ => None,
        }
    }

    /// The files of the job that this one retries, and of those before it, that might be half changed; none for any other job.
    pub(in crate::engine) async fn half_changed(
        &self,
        context: &Context,
    ) -> Result<HashMap<RelPath, HalfChanged>, Unable> {
        match self.retried() {
            Some(job) => half_changed(context, self, job).await,
            None => Ok(HashMap::new()),
        }
    }
}

/// The files whose change the log leaves open: it does not tell how far the change got. A retry that skipped a file for this reason has not
/// touched it: then the job before it tells. A change that an undo has put back leaves nothing to ask.
async fn half_changed(
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
        let is_passed_over = |status| matches!(status, ItemStatus::Skipped { reason: SkipReason::HalfChanged, .. });
        paths.extend(rows.into_iter().filter(|row| is_passed_over(row.state.status)).map(|row| row.file.path));
    }
    Ok(paths)
}
