//! Binds the recipe of a job to its request and its library, once: the result works on the items.

use std::sync::Arc;

use super::super::Context;
use super::super::panicked::Panicked;
use super::super::stop::{StepFailure, StepStop};
use super::{ActiveJob, Undone};
use crate::steps::Step;
use headway_files::{fault_of, hold};
use headway_recipes::{Binding, Unable, Work};

impl ActiveJob {
    /// The recipe's work, bound to this job on first use; the reason if it cannot be bound. After a failure that might pass by
    /// itself, or a stop, the next caller tries again, unless it was stopped too.
    pub(in crate::engine) async fn work(
        self: &Arc<Self>,
        context: &Context,
        stop: &StepStop,
    ) -> Result<Arc<dyn Work>, StepFailure> {
        let bind = async || {
            stop.check_wanted()?;
            self.bound(context, stop, self.undone(context, stop).await?).await
        };
        Ok(self.work.get_or_try_init(bind).await?.clone()?)
    }

    /// The work for the plan. If an undo waits for approval, its work is bound again when it runs, because only then
    /// are the half-changed files of the other job recovered.
    pub(in crate::engine) async fn work_for_plan(
        self: &Arc<Self>,
        context: &Context,
        stop: &StepStop,
    ) -> Result<Arc<dyn Work>, StepFailure> {
        match self.predicted_undone(context, stop).await? {
            Some(undone) => Ok(self.bound(context, stop, undone).await??),
            None => self.work(context, stop).await,
        }
    }

    /// Binds the recipe; or why it never can be.
    async fn bound(
        &self,
        context: &Context,
        stop: &StepStop,
        undone: &Undone,
    ) -> Result<Result<Arc<dyn Work>, Unable>, StepFailure> {
        let flag = Arc::clone(stop.flag());
        let (undone, undone_folders) = (Arc::clone(&undone.made), Arc::clone(&undone.folders));
        let (request, library) = (self.request.clone(), Arc::clone(&self.library));
        let recipe = Arc::clone(&self.recipe);
        let (guard, data) = (Arc::clone(&context.guard), Arc::clone(&context.data));
        let (steps, job) = (context.steps.clone(), self.job);
        let bound = tokio::task::spawn_blocking(move || {
            let _step = steps.begin(job, Step::Prepare, || false);
            fault_of("preparing", request.title.as_deref().unwrap_or_default());
            hold("preparing");
            let (guard, data) = (&guard, &data);
            recipe.bind(&Binding {
                request: &request,
                library: &library,
                undone: &undone,
                undone_folders: &undone_folders,
                guard,
                data,
                stop: &flag,
            })
        });
        let Some(bound) = stop.wait_for(bound).await else { return Err(StepFailure::Stopped) };
        match bound.map_err(|error| Unable::from(Panicked::from(error)))? {
            Err(_) if stop.is_asked() => Err(StepFailure::Stopped),
            Ok(work) => Ok(Ok(Arc::from(work))),
            Err(lasting @ Unable::Failed(_)) => Ok(Err(lasting)),
            Err(passing @ (Unable::Environment(_) | Unable::Call(..))) => Err(passing.into()),
        }
    }
}
