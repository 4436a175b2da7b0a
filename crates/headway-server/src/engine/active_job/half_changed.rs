//! The files that earlier jobs might have left half changed, for a job that retries their items. Such a file might be what
//! the earlier job made of the original, so it is not processed before the disk tells. The plan only predicts what the disk
//! tells; the change is recovered once the job runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::Context;
use super::super::recover_change::{predict_change, recover_change};
use super::super::stop::{StepFailure, StepStop};
use super::ActiveJob;
use super::earlier::EarlierChanges;
use crate::placements::{Changes, put_back, unclear};
use headway_files::{Change, Library, PlacementState, Prediction};
use headway_model::item::{ItemLabel, ItemStatus, SkipReason};
use headway_model::request::{ItemSelection, ItemsQuery};
use headway_model::{JobId, PauseReason, Query, RelPath};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// How many items are read at a time.
const ITEMS_AT_ONCE: u32 = 1_000;

/// What an earlier job might have left half changed.
pub(in crate::engine) struct HalfChanged {
    /// The change; `None` if it is not in the log.
    pub(in crate::engine) change: Option<Change>,
    /// Whether the job did what the later one is to do, so that nothing is left to do if the change was made after all.
    pub(in crate::engine) is_same_work: bool,
}

/// What a plan says of a file that an earlier job might have left half changed.
pub(in crate::engine) enum Verdict {
    /// It is skipped.
    Skipped(SkipReason),
    /// It runs, once the change is recovered. This is where the file lies until then.
    Runs(RelPath),
}

impl Verdict {
    /// Why the file is skipped, if it is.
    pub(in crate::engine) fn skip(self) -> Option<SkipReason> {
        match self {
            Verdict::Skipped(reason) => Some(reason),
            Verdict::Runs(_) => None,
        }
    }
}

impl HalfChanged {
    /// What a plan says of the file. A job that `recovers` the change when it runs, as a retry does, is about the file of the
    /// change; any other job is about whatever has its name now. Touches nothing.
    pub(in crate::engine) fn verdict(
        &self,
        library: &Library,
        path: &RelPath,
        recovers: bool,
    ) -> Result<Verdict, PauseReason> {
        let Some(change) = &self.change else { return Ok(Verdict::Skipped(SkipReason::HalfChanged)) };
        Ok(self.decide(predict_change(library, change, path)?, path, recovers))
    }

    /// The one decision about such a file: in the plan of a retry or another job, and once the change is recovered.
    fn decide(&self, predicted: Prediction, path: &RelPath, recovers: bool) -> Verdict {
        match predicted {
            // The original still has a name of Headway's, and this job does not move it.
            Prediction::Done { is_complete: false, .. } if !recovers => Verdict::Skipped(SkipReason::HalfChanged),
            // Where nothing has the name in the end, no attempt has anything to look at. The last step recovers it.
            Prediction::Done { is_complete, at } if self.is_same_work && recovers && (is_complete || at.is_none()) => {
                Verdict::Skipped(SkipReason::Done)
            }
            Prediction::Done { at, .. } if self.is_same_work && !recovers && at.as_ref() == Some(path) => {
                Verdict::Skipped(SkipReason::Done)
            }
            // What the other job made is a file as any other to this one.
            Prediction::Done { at, .. } | Prediction::TakenBack { at } => {
                Verdict::Runs(at.unwrap_or_else(|| path.clone()))
            }
            Prediction::Conflict { might_be_output: true } => Verdict::Skipped(SkipReason::HalfChanged),
            // Anything but that job's output is a file that somebody else has put there since.
            Prediction::Conflict { might_be_output: false } => Verdict::Runs(path.clone()),
        }
    }

    /// Recovers the change. Returns why the file is skipped then, if it is. Blocking.
    fn recover(&self, earlier: &EarlierChanges, path: &RelPath) -> Result<Option<SkipReason>, StepFailure> {
        let Some(change) = &self.change else { return Ok(Some(SkipReason::HalfChanged)) };
        let recovered = earlier.alone(change, |library| self.recover_in(library, change, path))?;
        recovered.map_err(|reason| Unable::Environment(reason).into())
    }

    fn recover_in(
        &self,
        library: &Library,
        change: &Change,
        path: &RelPath,
    ) -> Result<Option<SkipReason>, PauseReason> {
        let known = match recover_change(library, change) {
            PlacementState::Done(_) => Prediction::Done { is_complete: true, at: None },
            PlacementState::TakenBack => Prediction::TakenBack { at: None },
            PlacementState::NotKnown(reason) => return Err(reason),
            PlacementState::Conflict(_) => match predict_change(library, change, path)? {
                conflict @ Prediction::Conflict { .. } => conflict,
                // It could not be recovered, whatever it looks like.
                Prediction::Done { .. } | Prediction::TakenBack { .. } => {
                    Prediction::Conflict { might_be_output: true }
                }
            },
        };
        Ok(self.decide(known, path, true).skip())
    }
}

impl ActiveJob {
    /// The job whose items this one runs again, if it changes files.
    fn retried(&self) -> Option<JobId> {
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

    /// Whether no item has to wait for what earlier jobs left half changed, nor is skipped because of it.
    pub(super) fn is_clear_of_earlier(&self) -> bool {
        self.retried().is_none() || self.recovered_earlier.get().is_some_and(HashMap::is_empty)
    }

    /// Recovers what earlier jobs left half changed of the files of this one, once: before the first attempt, or else in the
    /// last step. Returns the files that are skipped then, with the reasons. After a failure or a stop, the next caller tries
    /// again, unless it was stopped too.
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

/// Recovers what earlier jobs left half changed of the files that this one has yet to process, and of those that its plan calls
/// done. Returns those that are skipped then, with the reasons.
async fn recover_all(
    context: &Context,
    active: &Arc<ActiveJob>,
    stop: &StepStop,
) -> Result<HashMap<RelPath, SkipReason>, StepFailure> {
    let mut left = active.half_changed(context).await?;
    let paths: Vec<_> = left.keys().cloned().collect();
    let mut wanted = Vec::new();
    for some in paths.chunks(ITEMS_AT_ONCE as usize) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_somebody_else_has_put_there_runs_whichever_job_asks() {
        let path: RelPath = "file".parse().expect("a path");
        let left = HalfChanged { change: None, is_same_work: true };
        let skip = |predicted, recovers| left.decide(predicted, &path, recovers).skip();
        for recovers in [false, true] {
            assert_eq!(skip(Prediction::Conflict { might_be_output: false }, recovers), None);
            let its_own = skip(Prediction::Conflict { might_be_output: true }, recovers);
            assert_eq!(its_own, Some(SkipReason::HalfChanged));
            assert_eq!(skip(Prediction::TakenBack { at: Some(path.clone()) }, recovers), None);
            let made = skip(Prediction::Done { is_complete: true, at: Some(path.clone()) }, recovers);
            assert_eq!(made, Some(SkipReason::Done));
        }
        let half = || Prediction::Done { is_complete: false, at: Some(path.clone()) };
        assert_eq!(skip(half(), false), Some(SkipReason::HalfChanged), "nobody recovers it");
        assert_eq!(skip(half(), true), None, "it is recovered when the job runs");
    }
}
