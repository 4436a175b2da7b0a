//! Reads the state in which the last process left a job. A start does this before it serves anyone, so it is guarded: a job that
//! crashes the server here again and again is held back.

use std::collections::HashSet;
use std::sync::Arc;

use super::panicked::{Panicked, caught};
use super::schedule::{Input, RecoveredState, StartHold, Terms};
use super::{ActiveJob, Context, leases, recovery};
use crate::steps::{Step, crashed};
use headway_files::fault_of;
use headway_model::{Fold, JobId, PauseReason};
use headway_recipes::Unable;
use headway_store::rows::{JobRow, Lease};

/// Takes up all live jobs. `silent` are the libraries whose storage does not answer: their jobs wait for it, and the
/// start does not wait for those jobs.
pub(crate) async fn take_up_all(
    context: &Context,
    leases: &[Lease],
    jobs: impl Iterator<Item = (&JobRow, Fold)>,
    mut silent: HashSet<String>,
) -> Vec<(Fold, Option<Terms>, RecoveredState)> {
    let mut live = Vec::new();
    for (row, fold) in jobs {
        let taken = take_up(context, leases, row, fold, silent.contains(&row.library)).await;
        if taken.2.hold == StartHold::Unread(PauseReason::StorageSilent) {
            silent.insert(row.library.clone());
        }
        live.push(taken);
    }
    live
}

/// Reads what the schedule needs to take up a live job. A job on which the server crashed repeatedly is held.
async fn take_up(
    context: &Context,
    leases: &[Lease],
    row: &JobRow,
    fold: Fold,
    is_silent: bool,
) -> (Fold, Option<Terms>, RecoveredState) {
    let alive = leases::lost(leases, row.job_no, &fold);
    let stuck = context.steps.stuck(fold.id);
    if let Some(step) = stuck {
        tracing::error!(job.id = %fold.id, reason = crashed(step), "a job is paused");
    }
    let (terms, past) = match stuck {
        Some(Step::TakeUp) => (None, unread(PauseReason::Stuck)),
        _ if is_silent => (None, unread(PauseReason::StorageSilent)),
        _ => look(context, &fold).await,
    };
    let hold = if stuck.is_some() && past.hold == StartHold::No { StartHold::Paused } else { past.hold };
    (fold, terms, RecoveredState { alive, hold, ..past })
}

/// Tries again to take up a job that could not be read at the start, now that someone has resumed or cancelled it.
pub(super) async fn again(context: &Context, job: JobId) -> Input {
    let read = async || {
        let (_, folds) = context.store.folds(&[job]).await?;
        folds.into_iter().next().ok_or_else(|| Unable::Failed("the job is not in the log".into()))
    };
    let (terms, past) = match read().await {
        // A cancel does not allow another try: only resuming the job does.
        Ok(_) if context.steps.is_stuck_at(job, Step::TakeUp) => (None, unread(PauseReason::Stuck)),
        Ok(fold) => look(context, &fold).await,
        Err(why) => (None, held(context, job, why)),
    };
    Input::TakenUp { job, terms, past }
}

async fn look(context: &Context, fold: &Fold) -> (Option<Terms>, RecoveredState) {
    // It lasts as long as the inspection of the disk, even if nobody waits for that any longer.
    let step = Arc::new(context.steps.begin(fold.id, Step::TakeUp, || true));
    let looked = caught(async {
        fault_of("taking up", &fold.title);
        let (left, job) = (context.left.clone(), fold.id);
        if tokio::task::spawn_blocking(move || left.has(job)).await.map_err(Panicked::from)? {
            return Err(Unable::Environment(PauseReason::StorageSilent));
        }
        let active = Arc::new(ActiveJob::read(context, fold.id).await?);
        let past = recovery::recover_job(context, (&active, &step), fold).await?;
        Ok((active.terms(), past))
    });
    let looked = looked.await;
    drop(step);
    match looked {
        Ok(Ok((terms, past))) => (Some(terms), past),
        Ok(Err(why)) => (None, held(context, fold.id, why)),
        Err(died) => (None, held(context, fold.id, died.into())),
    }
}

/// Holds a job that could not be read: nothing of it is touched.
fn held(context: &Context, job: JobId, why: Unable) -> RecoveredState {
    match why {
        Unable::Environment(reason) => {
            context.pause_notes.forget(job);
            unread(reason)
        }
        Unable::Call(reason, message) => {
            context.pause_notes.note(job, reason, message);
            unread(reason)
        }
        Unable::Failed(message) => {
            tracing::error!(job.id = %job, message, "what the last process left of a job cannot be read; the job is paused");
            context.steps.explain(job, &message);
            unread(PauseReason::Stuck)
        }
    }
}

fn unread(reason: PauseReason) -> RecoveredState {
    RecoveredState { hold: StartHold::Unread(reason), ..RecoveredState::default() }
}
