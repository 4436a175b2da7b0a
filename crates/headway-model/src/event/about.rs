//! What an event is about: its name, its item, its detail.

use super::JobEvent;
use crate::digest::Digest;

impl JobEvent {
    /// The event's name, as in its payload.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The item and attempt that the event is about, for events about one item.
    pub fn item(&self) -> Option<(u32, Option<u32>)> {
        match *self {
            JobEvent::Started { item, attempt }
            | JobEvent::Placing { item, attempt, .. }
            | JobEvent::Changing { item, attempt, .. }
            | JobEvent::Succeeded { item, attempt, .. }
            | JobEvent::Skipped { item, attempt, .. }
            | JobEvent::Failed { item, attempt, .. }
            | JobEvent::AttemptFailed { item, attempt, .. }
            | JobEvent::Returned { item, attempt }
            | JobEvent::Stopped { item, attempt }
            | JobEvent::Recovered { item, attempt, .. } => Some((item, Some(attempt))),
            JobEvent::Requeued { item } | JobEvent::Dropped { item } => Some((item, None)),
            JobEvent::Created { .. }
            | JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. } => None,
        }
    }

    /// The hash of its detail, if it has one.
    pub fn detail(&self) -> Option<Digest> {
        match self {
            JobEvent::Created { request, .. } => Some(*request),
            JobEvent::Planned { detail, .. } => Some(*detail),
            JobEvent::Succeeded { detail, .. } | JobEvent::Failed { detail, .. } => *detail,
            JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => None,
        }
    }
}
