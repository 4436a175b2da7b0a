//! What an event says about a change on the disk.

use super::EventKind;

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
            K::Returned | K::Recovered => Some(ChangeStep::TakenBack),
            // A failure leaves a change that it announced as it is: it is not known how far it got.
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
            | K::Skipped
            | K::AttemptFailed
            | K::Stopped
            | K::Requeued
            | K::Dropped => None,
        }
    }

    /// Whether events of this kind announce a change on the disk.
    pub fn announces_change(self) -> bool {
        self.change_step() == Some(ChangeStep::Announced)
    }
}
