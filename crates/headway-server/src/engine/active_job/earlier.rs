//! The one door to the changes that earlier jobs left open. They are looked at, and recovered, in a thread of their own. If the
//! storage does not answer, nobody waits for that thread once the job is stopped, and it touches no further change.

use std::sync::Arc;

use super::super::exclusion::WantedFiles;
use super::super::panicked::Panicked;
use super::super::stop::{StepFailure, StepStop};
use super::super::{Context, Exclusion};
use super::ActiveJob;
use crate::steps::{Step, Steps};
use headway_files::{Change, Library, hold};
use headway_model::PauseReason;
use headway_recipes::Unable;

/// The changes that earlier jobs left open, as a job looks at them. Blocking.
pub(super) struct EarlierChanges {
    /// Held, because a job is not tidy while one of its threads can still move files.
    active: Arc<ActiveJob>,
    exclusion: Exclusion,
    steps: Steps,
    stop: StepStop,
}

impl EarlierChanges {
    /// Runs `act` on them in a thread of its own.
    pub(super) async fn run<T: Send + 'static>(
        context: &Context,
        active: &Arc<ActiveJob>,
        stop: &StepStop,
        act: impl FnOnce(&EarlierChanges) -> Result<T, StepFailure> + Send + 'static,
    ) -> Result<T, StepFailure> {
        let (active, exclusion) = (Arc::clone(active), context.exclusion.clone());
        let earlier = EarlierChanges { active, exclusion, steps: context.steps.clone(), stop: stop.clone() };
        let done = tokio::task::spawn_blocking(move || act(&earlier));
        let done = stop.wait_for(done).await.ok_or(StepFailure::Stopped)?;
        done.map_err(|error| Unable::from(Panicked::from(error)))?
    }

    /// Looks at one of them, unless the job was stopped or is not on its own ground.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Library) -> T) -> Result<T, StepFailure> {
        let active = &*self.active;
        let _step = self.steps.begin(active.job, Step::Prepare, || self.stop.is_asked());
        self.stop.check_wanted()?;
        // Files on another disk prove nothing about the change.
        if !active.is_same_library() || !active.has_its_disks() {
            return Err(Unable::Environment(PauseReason::LibraryGone).into());
        }
        Ok(look(&active.library))
    }

    /// The same, while nobody else works on the names of this change: no attempt, no other job that recovers it, and no
    /// thread that has hung there since before this job was paused and resumed.
    pub(super) fn alone<T>(&self, change: &Change, look: impl FnOnce(&Library) -> T) -> Result<T, StepFailure> {
        let names: Vec<_> = change.touched().into_iter().map(|name| (name, true)).collect();
        let wanted = WantedFiles::of(&self.active.library, &names);
        let held = self.exclusion.hold_for(self.active.job, &wanted, |_| self.stop.is_asked());
        let _held = held.ok_or(StepFailure::Stopped)?;
        hold("recovering-earlier");
        self.look(look)
    }
}
