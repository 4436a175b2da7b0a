//! Decides alone which event can happen next: the writer asks it before it records, a reader before it folds.

mod change;
mod end;
mod item_step;
mod refusal;

use super::counters::Counters;
use super::event::{HaltBy, JobEvent, PLANNED_AT_ONCE};
use super::event_kind::EventKind;
use super::fold::Fold;
use super::item::{FailReason, ItemStatus, SkipReason};
use super::status::{JobStatus, PauseReason};
use crate::mutants::{self, Mutant};
pub use change::{FoldChange, Next};
use end::next_of_end;
use item_step::ItemStep;
pub use refusal::Refusal;

/// What `event` does to the job `fold`, or why it cannot happen now. `None` stands for a job that is not created yet.
pub fn next(fold: Option<&Fold>, event: &JobEvent) -> Result<Next, Refusal> {
    let Some(fold) = fold else {
        return match event {
            JobEvent::Created { .. } => Ok(Next { status: JobStatus::Planning, change: FoldChange::Head }),
            _ => Err(Refusal::NotCreated),
        };
    };
    if fold.pruned {
        return Err(Refusal::Over(Some(EventKind::Pruned.name())));
    }
    if fold.status.is_terminal() {
        return match event {
            JobEvent::CancelRequested {} if mutants::is(Mutant::CancelNotJudged) => to(JobStatus::Cancelling),
            JobEvent::Pruned { .. } => to(fold.status),
            JobEvent::Created { .. } => Err(Refusal::Exists),
            _ => Err(Refusal::Over(Some(fold.status.label()))),
        };
    }
    next_while_active(fold, event)
}

/// Has one arm for each event: which job statuses it fits, and what it does. A new event does not compile until it has
/// its own arm.
fn next_while_active(fold: &Fold, event: &JobEvent) -> Result<Next, Refusal> {
    use ItemStatus as I;
    use JobStatus as S;
    let status = fold.status;
    let wrong = || Err(Refusal::Status { event: event.name(), status: status.label() });
    let held = matches!(status, S::Queued | S::Processing | S::Paused { .. });
    let settles = held || status == S::Cancelling;
    let halted = fold.halt.is_some();
    let of = |item: &u32| ItemStep::new(fold, event, *item);
    match event {
        JobEvent::Created { .. } => Err(Refusal::Exists),
        JobEvent::Planned { first, count, skips, .. } if status == S::Planning => planned(fold, *first, *count, skips),
        JobEvent::PlanEnded { total, .. } if status == S::Planning => plan_ended(fold, *total),
        JobEvent::Approved {} if status == S::Planned => to(S::Queued),
        JobEvent::Began {} if status == S::Queued => to(S::Processing),
        JobEvent::Paused { reason } => pause(status, *reason).map_or_else(wrong, to),
        JobEvent::Resumed {} if matches!(status, S::Paused { .. }) => resumed(fold),
        JobEvent::Halted { .. } if held && fold.plan_ended => halt(fold, event),
        JobEvent::Finishing {} if status == S::Processing => finishing(fold, event),
        JobEvent::CancelRequested {} if status != S::Cancelling => to(S::Cancelling),
        JobEvent::Cancelled {} if status == S::Cancelling => cancelled(fold),
        JobEvent::Ended { outcome } => next_of_end(fold, outcome),
        JobEvent::Changed { .. } => to(status),
        JobEvent::Planned { .. }
        | JobEvent::PlanEnded { .. }
        | JobEvent::Approved {}
        | JobEvent::Began {}
        | JobEvent::Resumed {}
        | JobEvent::Halted { .. }
        | JobEvent::Finishing {}
        | JobEvent::CancelRequested {}
        | JobEvent::Cancelled {}
        | JobEvent::Pruned { .. } => wrong(),

        JobEvent::Started { item, attempt } => {
            of(item).in_job(status == S::Processing, !halted)?.moves(I::Waiting, I::Running)?.by_next(*attempt)
        }
        JobEvent::Placing { item, attempt, .. } => {
            of(item).in_job(held, true)?.moves(I::Running, I::Placing)?.by(*attempt)
        }
        JobEvent::Changing { item, attempt, .. } => {
            let changing = if mutants::is(Mutant::ChangingIsWork) { I::Running } else { I::Placing };
            of(item).in_job(held, true)?.moves(I::Running, changing)?.by(*attempt)
        }
        JobEvent::Succeeded { item, attempt, effect, .. } => {
            of(item).in_job(settles, true)?.ends(I::Succeeded(*effect))?.by(*attempt)
        }
        JobEvent::Skipped { item, attempt, reason } => {
            let skipped = I::Skipped { reason: *reason, planned: false };
            of(item).in_job(settles, true)?.ends(skipped)?.by(*attempt)
        }
        JobEvent::Failed { item, attempt, reason, .. } => {
            of(item).in_job(settles, true)?.ends(I::Failed(*reason))?.by(*attempt)
        }
        JobEvent::AttemptFailed { item, attempt, .. } => {
            of(item).in_job(held, !halted)?.moves(I::Running, I::Waiting)?.by(*attempt)
        }
        // This is allowed from placing too: the environment was to blame, and the placing was rolled back.
        JobEvent::Returned { item, attempt } => of(item).in_job(held, !halted)?.ends(I::Waiting)?.by(*attempt),
        JobEvent::Stopped { item, attempt } => {
            let ending = halted || status == S::Cancelling;
            of(item).in_job(settles, ending)?.moves(I::Running, I::Cancelled)?.by(*attempt)
        }
        JobEvent::Recovered { item, attempt, .. } => of(item).in_job(true, true)?.ends(I::Interrupted)?.by(*attempt),
        JobEvent::Requeued { item } => {
            let waits = |from| matches!(from, I::Interrupted | I::Failed(_)).then_some(I::Waiting);
            of(item).in_job(held, !halted)?.to(waits)?.by_last()
        }
        JobEvent::Dropped { item } => {
            of(item).in_job(held, true)?.moves(I::Interrupted, I::Failed(FailReason::Interrupted))?.by_last()
        }
    }
}

/// The end of the plan, which says how many items it has.
fn plan_ended(fold: &Fold, total: u32) -> Result<Next, Refusal> {
    if total != fold.counters.total {
        return Err(Refusal::Range);
    }
    to(if fold.approval { JobStatus::Planned } else { JobStatus::Queued })
}

/// The end of a pause: the plan goes on, or the job waits for a slot.
fn resumed(fold: &Fold) -> Result<Next, Refusal> {
    to(if fold.plan_ended { JobStatus::Queued } else { JobStatus::Planning })
}

/// A halt. A job has at most one. It cancels what has not begun.
fn halt(fold: &Fold, event: &JobEvent) -> Result<Next, Refusal> {
    if fold.halt.is_some() {
        return Err(Refusal::Halt(event.name()));
    }
    Ok(Next { status: fold.status, change: FoldChange::CancelIdle })
}

/// The recipe's last step. It runs once no item is open, unless the job fails by its halt.
fn finishing(fold: &Fold, event: &JobEvent) -> Result<Next, Refusal> {
    if fold.fails_by_halt() {
        return Err(Refusal::Halt(event.name()));
    }
    none_open(&fold.counters)?;
    to(JobStatus::Finishing)
}

/// The end of a cancel: no item runs any more.
fn cancelled(fold: &Fold) -> Result<Next, Refusal> {
    match fold.counters.running {
        0 => Ok(Next { status: JobStatus::Cancelled, change: FoldChange::CancelIdle }),
        running => Err(Refusal::Open(running)),
    }
}

/// The next part of the plan: its items follow those that were planned before.
fn planned(fold: &Fold, first: u32, count: u32, skips: &[(u32, u32, SkipReason)]) -> Result<Next, Refusal> {
    let fits = first == fold.counters.total && (1..=PLANNED_AT_ONCE).contains(&count);
    if !fits || !runs_fit(first, count, skips) {
        return Err(Refusal::Range);
    }
    Ok(Next { status: fold.status, change: FoldChange::Items { count, skips: skips.to_vec() } })
}

/// The status after a pause for this reason; `None` if a job with this status cannot pause.
fn pause(status: JobStatus, reason: PauseReason) -> Option<JobStatus> {
    match status {
        // A pause that a person decides on is not overwritten by one that passes by itself.
        JobStatus::Paused { reason: PauseReason::User | PauseReason::Stuck } => Some(status),
        JobStatus::Planning
        | JobStatus::Queued
        | JobStatus::Processing
        | JobStatus::Finishing
        | JobStatus::Paused { .. } => Some(JobStatus::Paused { reason }),
        JobStatus::Planned
        | JobStatus::Cancelling
        | JobStatus::Completed
        | JobStatus::CompletedWithErrors
        | JobStatus::Failed { .. }
        | JobStatus::Cancelled => None,
    }
}

fn to(status: JobStatus) -> Result<Next, Refusal> {
    Ok(Next { status, change: FoldChange::Head })
}

fn none_open(counters: &Counters) -> Result<(), Refusal> {
    if counters.open() == 0 { Ok(()) } else { Err(Refusal::Open(counters.open())) }
}

/// Whether the skips are runs within the range, in order and without overlap.
fn runs_fit(first: u32, count: u32, skips: &[(u32, u32, SkipReason)]) -> bool {
    let end = u64::from(first) + u64::from(count);
    let mut free = u64::from(first);
    for (start, length, _) in skips {
        let stop = u64::from(*start) + u64::from(*length);
        if u64::from(*start) < free || *length == 0 || stop > end {
            return false;
        }
        free = stop;
    }
    true
}

impl Fold {
    /// Whether the halt policy made this job a failure.
    pub fn fails_by_halt(&self) -> bool {
        matches!(self.halt, Some((HaltBy::Fail, _)))
    }
}

#[cfg(test)]
mod tests;
