//! The one judge of what may happen: the writer asks it before it records, a reader before it folds.

use super::counters::Counters;
use super::event::{HaltBy, JobEvent, Outcome, PLANNED_AT_ONCE};
use super::fold::Fold;
use super::item::{FailReason, ItemStatus, SkipReason};
use super::status::{EndReason, JobStatus, PauseReason};
use crate::broken::{self, Broken};

/// What an accepted event does to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The status after it.
    pub status: JobStatus,
    /// What else changes.
    pub change: Change,
}

/// The part of a job that an event changes, apart from its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing, or a head field the event names itself.
    Head,
    /// Items are added: how many, and the runs of them that are skipped.
    Items {
        /// How many.
        count: u32,
        /// First index, length, reason.
        skips: Vec<(u32, u32, SkipReason)>,
    },
    /// One item moves.
    Item {
        /// Its index.
        item: u32,
        /// Where it stands now.
        from: ItemStatus,
        /// Where it stands after.
        to: ItemStatus,
        /// The last attempt after it.
        attempt: u32,
    },
    /// Every waiting or interrupted item is cancelled.
    CancelIdle,
}

/// Why an event is not a possible next one. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `created` for a job that exists.
    #[error("the job exists already")]
    Exists,
    /// Anything else for a job that does not.
    #[error("there is no such job")]
    NotCreated,
    /// The job is over, or gone.
    #[error("the job is over ({0})")]
    Over(&'static str),
    /// The event has no place in this status.
    #[error("{event} has no place in a job that is {status}")]
    Status {
        /// Name of the event.
        event: &'static str,
        /// Word of the status.
        status: &'static str,
    },
    /// The job is halted, so nothing more starts; or not halted, though it must be.
    #[error("{0} does not fit the job's halt")]
    Halt(&'static str),
    /// There is no item with this index.
    #[error("there is no item {0}")]
    NoItem(u32),
    /// The item stands where this event cannot reach it.
    #[error("{event} has no place for an item that is {status}")]
    Item {
        /// Name of the event.
        event: &'static str,
        /// Word of the item's status.
        status: &'static str,
    },
    /// Another attempt holds, or held, the item.
    #[error("attempt {given} is not the present one ({present})")]
    Attempt {
        /// The attempt in the event.
        given: u32,
        /// The one that would fit.
        present: u32,
    },
    /// Items are still open, or still run.
    #[error("{0} items are not settled yet")]
    Open(u32),
    /// The counters say that the job ended differently.
    #[error("the items do not say that the job ended like this")]
    Counters,
    /// The range of planned items, or its skips, do not fit.
    #[error("the planned range does not follow the last one")]
    Range,
}

/// What `event` does to the job `fold`, or why it cannot happen now. `None` is a job not created yet.
pub fn next(fold: Option<&Fold>, event: &JobEvent) -> Result<Next, Refusal> {
    let Some(fold) = fold else {
        return match event {
            JobEvent::Created { .. } => Ok(Next { status: JobStatus::Planning, change: Change::Head }),
            _ => Err(Refusal::NotCreated),
        };
    };
    if fold.pruned {
        return Err(Refusal::Over("pruned"));
    }
    if fold.status.is_terminal() {
        return match event {
            JobEvent::CancelRequested {} if broken::is(Broken::CancelNotJudged) => to(JobStatus::Cancelling),
            JobEvent::Pruned { .. } => to(fold.status),
            JobEvent::Created { .. } => Err(Refusal::Exists),
            _ => Err(Refusal::Over(fold.status.label())),
        };
    }
    match event.item() {
        Some((item, attempt)) => next_of_item(fold, event, item, attempt),
        None => next_of_job(fold, event),
    }
}

fn next_of_job(fold: &Fold, event: &JobEvent) -> Result<Next, Refusal> {
    use JobStatus as S;
    let counters = &fold.counters;
    let wrong = || Err(Refusal::Status { event: event.name(), status: fold.status.label() });
    match (event, fold.status) {
        (JobEvent::Created { .. }, _) => Err(Refusal::Exists),
        (JobEvent::Planned { first, count, skips, .. }, S::Planning) => {
            let fits = *first == counters.total && (1..=PLANNED_AT_ONCE).contains(count);
            if !fits || !runs_fit(*first, *count, skips) {
                return Err(Refusal::Range);
            }
            Ok(Next { status: S::Planning, change: Change::Items { count: *count, skips: skips.clone() } })
        }
        (JobEvent::PlanEnded { total, .. }, S::Planning) if *total != counters.total => Err(Refusal::Range),
        (JobEvent::PlanEnded { .. }, S::Planning) => to(if fold.approval { S::Planned } else { S::Queued }),
        (JobEvent::Approved {}, S::Planned) => to(S::Queued),
        (JobEvent::Began {}, S::Queued) => to(S::Processing),
        (JobEvent::Paused { .. }, S::Paused { reason: PauseReason::User }) => to(fold.status),
        (JobEvent::Paused { reason }, S::Planning | S::Queued | S::Processing | S::Finishing | S::Paused { .. }) => {
            to(S::Paused { reason: *reason })
        }
        (JobEvent::Resumed {}, S::Paused { .. }) => to(if fold.plan_ended { S::Queued } else { S::Planning }),
        (JobEvent::Halted { .. }, S::Queued | S::Processing | S::Paused { .. }) if fold.plan_ended => match fold.halt {
            Some(_) => Err(Refusal::Halt(event.name())),
            None => Ok(Next { status: fold.status, change: Change::CancelIdle }),
        },
        (JobEvent::Finishing {}, S::Processing) if fold.fails_by_halt() => Err(Refusal::Halt(event.name())),
        (JobEvent::Finishing {}, S::Processing) => none_open(counters).and_then(|()| to(S::Finishing)),
        (JobEvent::CancelRequested {}, S::Cancelling) => wrong(),
        (JobEvent::CancelRequested {}, _) => to(S::Cancelling),
        (JobEvent::Cancelled {}, S::Cancelling) if counters.running > 0 => Err(Refusal::Open(counters.running)),
        (JobEvent::Cancelled {}, S::Cancelling) => Ok(Next { status: S::Cancelled, change: Change::CancelIdle }),
        (JobEvent::Ended { outcome }, _) => next_of_end(fold, outcome),
        (JobEvent::Changed { .. }, _) => to(fold.status),
        (
            JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::Cancelled {}
            | JobEvent::Pruned { .. },
            _,
        ) => wrong(),
        // The events about one item have been judged before.
        (_, _) => wrong(),
    }
}

fn next_of_end(fold: &Fold, outcome: &Outcome) -> Result<Next, Refusal> {
    use JobStatus as S;
    let counters = &fold.counters;
    let only_if = |holds: bool, status| if holds { to(status) } else { Err(Refusal::Counters) };
    match (outcome, fold.status) {
        (Outcome::Completed, S::Finishing) => only_if(counters.failed == 0, S::Completed),
        (Outcome::CompletedWithErrors, S::Finishing) => {
            only_if(counters.failed > 0 && !counters.all_failed(), S::CompletedWithErrors)
        }
        (Outcome::Failed { reason, .. }, status) => {
            let failed = S::Failed { reason: *reason };
            match (reason, status) {
                (EndReason::Plan, S::Planning) | (EndReason::Finish, S::Finishing) => to(failed),
                (EndReason::AllFailed, S::Finishing) => only_if(counters.all_failed(), failed),
                (EndReason::Halt, S::Queued | S::Processing | S::Paused { .. }) if fold.fails_by_halt() => {
                    none_open(counters).and_then(|()| to(failed))
                }
                _ => Err(Refusal::Status { event: "ended", status: status.label() }),
            }
        }
        (Outcome::Completed | Outcome::CompletedWithErrors, status) => {
            Err(Refusal::Status { event: "ended", status: status.label() })
        }
    }
}

fn next_of_item(fold: &Fold, event: &JobEvent, item: u32, attempt: Option<u32>) -> Result<Next, Refusal> {
    use ItemStatus as I;
    use JobStatus as S;
    let from = fold.item(item).ok_or(Refusal::NoItem(item))?;
    let last = fold.last_attempt(item);
    let held = matches!(fold.status, S::Queued | S::Processing | S::Paused { .. });
    let halted = fold.halt.is_some();

    // First the job, then the item, then the attempt: the order in which a person would ask.
    let (job_fits, halt_fits) = match event {
        JobEvent::Started { .. } => (fold.status == S::Processing, !halted),
        JobEvent::Placing { .. } | JobEvent::Dropped { .. } => (held, true),
        JobEvent::Succeeded { .. } | JobEvent::Skipped { .. } | JobEvent::Failed { .. } => {
            (held || fold.status == S::Cancelling, true)
        }
        JobEvent::AttemptFailed { .. } | JobEvent::Returned { .. } | JobEvent::Requeued { .. } => (held, !halted),
        JobEvent::Stopped { .. } => (held || fold.status == S::Cancelling, halted || fold.status == S::Cancelling),
        _ => (true, true),
    };
    if !job_fits {
        return Err(Refusal::Status { event: event.name(), status: fold.status.label() });
    }
    if !halt_fits {
        return Err(Refusal::Halt(event.name()));
    }

    let to = match (event, from) {
        (JobEvent::Started { .. }, I::Waiting) => I::Running,
        (JobEvent::Placing { .. }, I::Running) => I::Placing,
        (JobEvent::Succeeded { effect, .. }, I::Running | I::Placing) => I::Succeeded(*effect),
        (JobEvent::Skipped { reason, .. }, I::Running | I::Placing) => I::Skipped { reason: *reason, planned: false },
        (JobEvent::Failed { reason, .. }, I::Running | I::Placing) => I::Failed(*reason),
        (JobEvent::AttemptFailed { .. } | JobEvent::Returned { .. }, I::Running) => I::Waiting,
        (JobEvent::Stopped { .. }, I::Running) => I::Cancelled,
        (JobEvent::Recovered { .. }, I::Running | I::Placing) => I::Interrupted,
        (JobEvent::Requeued { .. }, I::Interrupted | I::Failed(_)) => I::Waiting,
        (JobEvent::Dropped { .. }, I::Interrupted) => I::Failed(FailReason::Interrupted),
        _ => return Err(Refusal::Item { event: event.name(), status: from.label() }),
    };

    let present = if matches!(event, JobEvent::Started { .. }) { last + 1 } else { last };
    let given = attempt.unwrap_or(present);
    if given != present && !broken::is(Broken::NoFence) {
        return Err(Refusal::Attempt { given, present });
    }
    Ok(Next { status: fold.status, change: Change::Item { item, from, to, attempt: present } })
}

fn to(status: JobStatus) -> Result<Next, Refusal> {
    Ok(Next { status, change: Change::Head })
}

fn none_open(counters: &Counters) -> Result<(), Refusal> {
    if counters.open() == 0 { Ok(()) } else { Err(Refusal::Open(counters.open())) }
}

/// Whether the skips are runs within the range, in order, apart.
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
