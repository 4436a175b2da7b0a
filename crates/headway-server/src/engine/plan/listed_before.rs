//! What a plan listed before a restart.

use std::collections::HashSet;

use super::super::{ActiveJob, Context};
use headway_model::{ItemStatus, RelPath, Reruns};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// How many items of a job are read at a time.
pub(super) const ITEMS_AT_ONCE: u32 = 1_000;

/// What was listed before a restart.
#[derive(Default)]
pub(super) struct ListedBefore {
    /// The files. Their order, which earlier versions chose differently, does not matter: the rest of the plan is
    /// every file not among them.
    pub(super) listed: HashSet<RelPath>,
    /// How many run again, and why.
    pub(super) reruns: Reruns,
    /// How many are to run.
    pub(super) taken: u32,
}

/// Reads what an earlier process listed of this job.
pub(super) async fn listed_before(context: &Context, active: &ActiveJob) -> Result<ListedBefore, Unable> {
    let mut before = ListedBefore::default();
    let mut pages = ItemPages::new(&*context.store, active.job_no, ITEMS_AT_ONCE);
    while let Some(rows) = pages.next().await? {
        for row in rows {
            if let Some(rerun) = row.file.rerun {
                before.reruns.add(rerun);
            }
            before.taken += u32::from(!matches!(row.state.status, ItemStatus::Skipped { .. }));
            before.listed.insert(row.file.path);
        }
    }
    Ok(before)
}
