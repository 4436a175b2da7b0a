//! What the engine's loop does: each effect of the schedule as a task, an attempt in the pool, or an event for the writer.

use std::sync::Arc;

use super::active_job::ActiveJob;
use super::attempt_id::AttemptId;
use super::panicked::caught;
use super::pool::AttemptTask;
use super::schedule::{Input, ScheduleEffect};
use super::stop::{FinishFailure, StepFailure, StepStop};
use super::{Engine, finish, plan, recovery, start_attempt, take_up};
use headway_model::id::JobId;
use headway_recipes::Unable;

impl Engine {
    /// Carries out effects. Returns what the schedule must know before it goes on.
    pub(super) async fn perform(&mut self, effects: Vec<ScheduleEffect>) -> Vec<Input> {
        let (mut inputs, mut facts, mut ready) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                ScheduleEffect::Append { job, event, detail } => facts.push((job, event, detail)),
                ScheduleEffect::Plan { job } => inputs.extend(self.plan(job).await),
                ScheduleEffect::Start { job, item, attempt } => {
                    ready.extend(self.start(AttemptId { job, item, attempt }).await)
                }
                ScheduleEffect::Stop { job, item } => {
                    self.context.running.stop(job, item);
                    self.pool.give_back(|which| (which.job, which.item) == (job, item));
                }
                ScheduleEffect::TakeUp { job } => {
                    let context = Arc::clone(&self.context);
                    self.tasks.spawn(async move { Some(take_up::again(&context, job).await) });
                }
                ScheduleEffect::StopStep { job } => {
                    if let Some(active) = self.active_jobs.get(&job) {
                        active.stop_step();
                    }
                }
                ScheduleEffect::RecoverPlacing { job, item } => self.recover_placing(job, item).await,
                ScheduleEffect::Finish { job } => self.finish(job).await,
                ScheduleEffect::Over { job } => self.forget(job),
            }
        }
        if !ready.is_empty() {
            self.pool.push(ready);
        }
        // The writer gathers these while it commits, so that one commit holds the ends of some items and the starts of the next.
        if !facts.is_empty() {
            self.context.log.send(facts).await;
        }
        inputs
    }

    /// The job for its preparation or its last step, with a stop that takes effect from now on, however long the step takes.
    async fn begin_step(&mut self, job: JobId) -> Result<(Arc<ActiveJob>, StepStop), Unable> {
        let active = self.active_job(job).await?;
        let stop = active.begin_step();
        Ok((active, stop))
    }

    async fn plan(&mut self, job: JobId) -> Option<Input> {
        let step = self.begin_step(job).await;
        let terms = step.as_ref().ok().map(|(active, _)| Input::Terms { job, terms: active.terms() });
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            plan::plan(&context, job, step).await;
            Some(Input::PlanOver { job })
        });
        terms
    }

    async fn start(&mut self, which: AttemptId) -> Option<AttemptTask> {
        let active = self.active_job(which.job).await;
        self.working += 1;
        start_attempt::start(&mut self.tasks, &self.context, &self.pool, active, which)
    }

    async fn recover_placing(&mut self, job: JobId, item: u32) {
        let active = self.active_job(job).await;
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let (state, detail) = recovery::recover_placing(&context, job, active, item).await;
            Some(Input::PlacingRecovered { job, item, state, detail })
        });
    }

    async fn finish(&mut self, job: JobId) {
        let step = self.begin_step(job).await;
        let context = Arc::clone(&self.context);
        self.tasks.spawn(async move {
            let result = caught(finish::finish(&context, step)).await;
            let result = result.unwrap_or_else(|died| Err(Unable::from(died).into()));
            if let Err(FinishFailure::Step(StepFailure::Unable(Unable::Call(reason, message)))) = &result {
                context.pause_notes.note(job, *reason, message.clone());
            }
            Some(Input::Finished { job, result })
        });
    }

    fn forget(&mut self, job: JobId) {
        self.at_work.remove(&job);
        self.context.steps.forget(job);
        self.context.recoveries.forget(job);
        self.context.shortage.forget(job);
        self.context.pause_notes.forget(job);
        self.context.exclusion.let_go_of_job(job);
        let Some(active) = self.active_jobs.remove(&job) else {
            // It ended before this server worked on it; an earlier one might have.
            let context = Arc::clone(&self.context);
            self.tasks.spawn(async move {
                recovery::tidy_if_noted(&context, job).await;
                None
            });
            return;
        };
        let (context, untidy) = (Arc::clone(&self.context), Arc::clone(&self.untidy));
        self.tasks.spawn_blocking(move || {
            active.library.tidy();
            let mut over = vec![active];
            // What earlier jobs could not remove for the sake of this one.
            over.append(&mut untidy.lock());
            over.retain(|active| !active.leaves_nothing(&context.data, &context.untidy_jobs));
            untidy.lock().extend(over);
            None
        });
    }
}
