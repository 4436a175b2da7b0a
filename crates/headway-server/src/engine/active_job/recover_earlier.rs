//! Recovers what earlier jobs left half changed, for a job that retries their items, before it works on them.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::Context;
use super::super::stop::{StepFailure, StepStop};
use super::ActiveJob;
use super::earlier::EarlierChanges;
use headway_model::RelPath;
use headway_model::item::{ItemStatus, SkipReason};
use headway_recipes::Unable;

/// How many files are looked up at a time.
const PATHS_AT_ONCE: usize = 1_000;

impl ActiveJob {
    /// Whether no item has to wait for what earlier jobs left half changed, nor is skipped because of it.
    pub(super) fn is_clear_of_earlier(&self) -> bool {
        self.retried().is_none() || self.recovered_earlier.get().is_some_and(HashMap::is_empty)
    }

    /// Recovers, once, the files of this job that earlier jobs left half changed: before the first attempt, or else in
    /// the last step. Returns the files that are then skipped, with the reasons. After a failure or a stop, the next
    /// caller tries again, unless it was stopped too.
    pub(in crate::engine) async fn recover_earlier(
        self: &Arc<Self>,
        context: &Context,
        stop: &StepStop,
    ) -> Result<&HashMap<RelPath, SkipReason>, StepFailure> {
        let recover = async || {
            stop.check_wanted()?;
            recover_all(context, self, stop).await
        };
        self.recovered_earlier.get_or_try_init(recover).await
    }
}

/// Recovers those half-changed files of earlier jobs that this job has yet to process, or that its plan calls done.
/// Returns the files that are then skipped, with the reasons.
async fn recover_all(
    context: &Context,
    active: &Arc<ActiveJob>,
    stop: &StepStop,
) -> Result<HashMap<RelPath, SkipReason>, StepFailure> {
    let mut left = active.half_changed(context).await?;
    let paths: Vec<_> = left.keys().cloned().collect();
    let mut wanted = Vec::new();
    for some in paths.chunks(PATHS_AT_ONCE) {
        for row in context.store.items_for(&[active.job_no], some).await.map_err(Unable::from)? {
            let is_open = match row.state.status {
                ItemStatus::Waiting | ItemStatus::Running | ItemStatus::Interrupted => true,
                ItemStatus::Skipped { reason: SkipReason::Done, planned: true } => false,
                _ => continue,
            };
            wanted.extend(left.remove(&row.file.path).map(|left| (row.file.path, left, is_open)));
        }
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let recover = move |earlier: &EarlierChanges| -> Result<_, StepFailure> {
        let mut skips = HashMap::new();
        for (path, left, is_open) in wanted {
            let skip = left.recover(earlier, &path)?;
            skips.extend(skip.filter(|_| is_open).map(|skip| (path, skip)));
        }
        Ok(skips)
    };
    EarlierChanges::run(context, active, stop, recover).await
}
