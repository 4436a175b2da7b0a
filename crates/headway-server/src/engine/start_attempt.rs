//! Starts an attempt: looks up what it needs, and hands it to the pool.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::attempt::attempt;
use super::attempt_id::AttemptId;
use super::panicked::{Panicked, caught};
use super::pool::{AttemptTask, Pool};
use super::schedule::{Input, WorkOutcome};
use super::stop::{StepFailure, StepStop};
use super::{ActiveJob, Context};
use headway_model::{FailReason, PlannedFile, SkipReason};
use headway_recipes::{Unable, Work};

/// Begins an attempt. Returns a task for the pool if everything it needs is in memory; otherwise looks that up first, in a task
/// that hands it to the pool.
pub(super) fn start(
    tasks: &mut JoinSet<Option<Input>>,
    context: &Arc<Context>,
    pool: &Pool,
    active: Result<Arc<ActiveJob>, Unable>,
    which: AttemptId,
) -> Option<AttemptTask> {
    context.running.begin(which);
    if let Ok(active) = &active
        && let Some(ready) = active.ready(which.item)
    {
        if active.wants_more(which.item) {
            let (context, active) = (Arc::clone(context), Arc::clone(active));
            tasks.spawn(async move {
                active.read_on(&*context.store).await;
                None
            });
        }
        return Some(task(Arc::clone(context), Arc::clone(active), ready, which));
    }
    let (context, pool) = (Arc::clone(context), pool.clone());
    // Begun here, so that a stop asks each attempt that waits for the preparation, not only the one that prepares.
    let active = active.map(|active| (active.begin_step(), active));
    tasks.spawn(async move {
        match caught(look_up(&context, active, which.item)).await {
            Ok(Ok(Ok((active, ready)))) => pool.push([task(context, active, ready, which)]),
            Ok(Ok(Err(reason))) => pool.end(which, WorkOutcome::Skipped(reason)),
            Ok(Err(StepFailure::Unable(Unable::Failed(message)))) => {
                pool.end(which, WorkOutcome::Failed(FailReason::Unable, message))
            }
            Ok(Err(StepFailure::Unable(Unable::Environment(reason)))) => {
                context.pause_notes.forget(which.job);
                pool.end(which, WorkOutcome::Environment(reason))
            }
            Ok(Err(StepFailure::Unable(Unable::Call(reason, message)))) => {
                context.pause_notes.note(which.job, reason, message);
                pool.end(which, WorkOutcome::Environment(reason))
            }
            Ok(Err(StepFailure::Stopped)) => pool.end(which, WorkOutcome::Stopped),
            Err(Panicked(message)) => pool.end(which, WorkOutcome::Failed(FailReason::Panic, message)),
        }
        None
    });
    None
}

/// What an attempt needs to run.
type Ready = (Arc<dyn Work>, PlannedFile);

/// Looks up what the attempt needs; or why its file is skipped, once what an earlier job left of it is recovered.
async fn look_up(
    context: &Context,
    active: Result<(StepStop, Arc<ActiveJob>), Unable>,
    item: u32,
) -> Result<Result<(Arc<ActiveJob>, Ready), SkipReason>, StepFailure> {
    let (stop, active) = active?;
    let file = active.file(&*context.store, item).await?;
    if let Some(reason) = active.recover_earlier(context, &stop).await?.get(&file.path) {
        return Ok(Err(*reason));
    }
    let work = active.work(context, &stop).await?;
    Ok(Ok((active, (work, file))))
}

fn task(context: Arc<Context>, active: Arc<ActiveJob>, (work, file): Ready, which: AttemptId) -> AttemptTask {
    AttemptTask::new(which, active.is_brief(), move |slot| attempt(&context, &active, &*work, &file, which, slot))
}
