//! The files that earlier jobs might have left half changed, for a job that retries their items. What has the name of
//! such a file might be what the earlier job made of the original. So it is not processed before the disk shows how far
//! the change got. The plan only predicts that; the change is recovered once the job runs.

mod find;

use super::super::recover_change::{predict_change, recover_change};
use super::super::stop::StepFailure;
use super::earlier::EarlierChanges;
use headway_files::{Change, Library, PlacementState, Prediction};
use headway_model::item::SkipReason;
use headway_model::{PauseReason, RelPath};
use headway_recipes::Unable;

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
    pub(super) fn recover(&self, earlier: &EarlierChanges, path: &RelPath) -> Result<Option<SkipReason>, StepFailure> {
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
