//! The jobs that tried some files of a plan first, while it waited for its approval, and what they did.

use std::collections::BTreeSet;

use super::super::Server;
use headway_model::{ApiError, ItemStatus, Query};
use headway_store::JobFilter;
use headway_store::rows::JobRow;

/// If trials have done more files than this, those of the plan are not searched for them.
const DONE_LIMIT: u32 = 10_000;

/// How a job with the same work follows another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowingKind {
    /// It runs files again once the other one is over.
    Retry,
    /// It tries files before the plan of the other one runs.
    Trial,
}

impl Server {
    /// The jobs that tried some of its files first, while its plan waited for its approval, newest first.
    pub(in crate::handle) async fn tried(&self, of: &JobRow) -> Result<Vec<JobRow>, ApiError> {
        self.following(of, FollowingKind::Trial).await
    }

    /// The jobs of this kind that do the work of this one for some of its files, newest first.
    pub(super) async fn following(&self, of: &JobRow, kind: FollowingKind) -> Result<Vec<JobRow>, ApiError> {
        let mut rows = self.store().jobs(JobFilter::Retrying(of.summary.job), u32::MAX).await?;
        rows.retain(|row| row.summary.recipe == of.summary.recipe && row.work == of.work);
        let mut found = Vec::new();
        for row in rows {
            let request = self.request_of(&row).await?;
            let is_trial = request.is_some_and(|of| of.sample.is_some() && !matches!(of.query, Query::Items(_)));
            if is_trial == (kind == FollowingKind::Trial) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// The items of a plan that waits which those jobs have done, in order. If they did very many, none is looked for.
    pub(super) async fn done_in_trials(&self, row: &JobRow, tried: &[JobRow]) -> Result<Vec<u32>, ApiError> {
        let over = || tried.iter().filter(|trial| trial.summary.status.is_terminal());
        if over().map(|trial| u64::from(trial.summary.counters.succeeded)).sum::<u64>() > u64::from(DONE_LIMIT) {
            return Ok(Vec::new());
        }
        let mut done = Vec::new();
        for trial in over() {
            done.extend(self.done_by(trial).await?);
        }
        if done.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.store().items_for(&[row.job_no], &done).await?;
        let items = rows.into_iter().filter(|row| row.state.status == ItemStatus::Waiting).map(|row| row.item);
        Ok(items.collect::<BTreeSet<_>>().into_iter().collect())
    }
}
