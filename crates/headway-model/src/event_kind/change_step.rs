//! What an event says about a change on the disk.

use super::EventKind;
use crate::event::JobEvent;
use crate::item::FailReason;

/// What an event says about a change on the disk that an attempt makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeStep {
    /// The attempt is about to make it. The event describes the change.
    Announced,
    /// The change that the attempt announced is made.
    Made,
    /// The change that the attempt announced, if any, was taken back.
    TakenBack,
}

impl EventKind {
    /// What events of this kind say about a change on the disk; `None` if they say nothing about one. A new kind of
    /// event does not compile until it is in this list, so no reader of changes can miss it.
    pub fn change_step(self) -> Option<ChangeStep> {
        use EventKind as K;
        match self {
            K::Placing | K::Changing => Some(ChangeStep::Announced),
            K::Succeeded => Some(ChangeStep::Made),
            // An attempt that is skipped after it announced a change has found in the last moment that it must not make it.
            K::Returned | K::Recovered | K::Skipped => Some(ChangeStep::TakenBack),
            // The event itself says more, by `JobEvent::change_step`.
            K::Failed
            | K::Created
            | K::Planned
            | K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Cancelled
            | K::Ended
            | K::Changed
            | K::Pruned
            | K::Started
            | K::AttemptFailed
            | K::Stopped
            | K::Requeued
            | K::Dropped => None,
        }
    }

    /// Whether an event of this kind can say something about a change on the disk, as [`JobEvent::change_step`].
    pub fn concerns_change(self) -> bool {
        self.change_step().is_some() || self == EventKind::Failed
    }

    /// Whether events of this kind announce a change on the disk.
    pub fn announces_change(self) -> bool {
        self.change_step() == Some(ChangeStep::Announced)
    }
}

impl JobEvent {
    /// What this event says about the change of its attempt; `None` if it says nothing about one.
    ///
    /// An attempt that fails to write has asked the disk: nothing was changed. After any other failure it is not known how
    /// far the change got.
    pub fn change_step(&self) -> Option<ChangeStep> {
        match self {
            JobEvent::Failed { reason: FailReason::Write, .. } => Some(ChangeStep::TakenBack),
            event => event.kind().change_step(),
        }
    }
}
