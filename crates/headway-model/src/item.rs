//! One file of a job: its status, and what follows from it.

mod byte;
mod label;
mod reason;

use super::library::OutcomeFilter;
pub use label::{InvalidItemLabel, ItemLabel, StatusFilter};
pub use reason::{DiskEffect, FailReason, SkipReason};

/// An item's status. The first four are *open*: the job is not over while an item has one of them. The others are
/// *settled*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// Not tried yet, or waiting for a retry. A worker's `started` moves it on.
    Waiting,
    /// An attempt works on it.
    Running,
    /// Its attempt is placing the finished output; shown as running, and never stopped half-way.
    Placing,
    /// Its worker died while it ran. `requeued` or `dropped` moves it on.
    Interrupted,
    /// Done.
    Succeeded(DiskEffect),
    /// There was nothing to do, for this reason.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// Whether the plan skipped it; otherwise an attempt did.
        planned: bool,
    },
    /// Its last attempt failed.
    Failed(FailReason),
    /// Ended by a cancel or a halt before it finished.
    Cancelled,
}

impl ItemStatus {
    /// Its label.
    pub fn label(self) -> ItemLabel {
        match self {
            ItemStatus::Waiting => ItemLabel::Waiting,
            ItemStatus::Running | ItemStatus::Placing => ItemLabel::Running,
            ItemStatus::Interrupted => ItemLabel::Interrupted,
            ItemStatus::Succeeded(_) => ItemLabel::Succeeded,
            ItemStatus::Skipped { .. } => ItemLabel::Skipped,
            ItemStatus::Failed(_) => ItemLabel::Failed,
            ItemStatus::Cancelled => ItemLabel::Cancelled,
        }
    }

    /// How the library lists a file with this last status: unprocessed, processed or failed. A file that was missed,
    /// or whose type the recipe does not handle, or that does not meet the conditions of the request, counts as unprocessed.
    pub fn shown_as(self) -> OutcomeFilter {
        match self {
            ItemStatus::Succeeded(_) => OutcomeFilter::Processed,
            ItemStatus::Skipped { .. } if self.is_missed() => OutcomeFilter::Unprocessed,
            ItemStatus::Skipped {
                reason:
                    SkipReason::Recipe
                    | SkipReason::Unsupported
                    | SkipReason::Kept
                    | SkipReason::Lacking
                    | SkipReason::Unlisted
                    | SkipReason::TooSmall
                    | SkipReason::TooLarge
                    | SkipReason::TooNew
                    | SkipReason::TooOld
                    | SkipReason::OtherType,
                ..
            } => OutcomeFilter::Unprocessed,
            ItemStatus::Skipped { .. } => OutcomeFilter::Processed,
            ItemStatus::Failed(_) => OutcomeFilter::Failed,
            ItemStatus::Waiting
            | ItemStatus::Running
            | ItemStatus::Placing
            | ItemStatus::Interrupted
            | ItemStatus::Cancelled => OutcomeFilter::Unprocessed,
        }
    }

    /// Whether it says something about its file: a job processed it, failed at it or found that it needs no work, or what is there
    /// is no longer the file that earlier jobs had. If not, the job only had no use for the file, or left it alone, and what earlier jobs did
    /// is as true as before.
    pub fn tells_of_file(self) -> bool {
        match self {
            ItemStatus::Succeeded(_) | ItemStatus::Failed(_) => true,
            ItemStatus::Skipped { reason, .. } => match reason {
                SkipReason::Done
                | SkipReason::Command
                | SkipReason::NotSmaller
                | SkipReason::Moved
                | SkipReason::With
                | SkipReason::Missing
                | SkipReason::Changed
                | SkipReason::HalfChanged
                | SkipReason::Symlink
                | SkipReason::NotAFile
                | SkipReason::Named
                | SkipReason::NotOurs => true,
                SkipReason::Recipe
                | SkipReason::Unsupported
                | SkipReason::Kept
                | SkipReason::Lacking
                | SkipReason::Unlisted
                | SkipReason::HardLinks
                | SkipReason::Collision
                | SkipReason::Reserved
                | SkipReason::TooLong
                | SkipReason::NoName
                | SkipReason::DiskMissing
                | SkipReason::TooSmall
                | SkipReason::TooLarge
                | SkipReason::TooNew
                | SkipReason::TooOld
                | SkipReason::OtherType
                | SkipReason::NotPermitted
                | SkipReason::Unread => false,
            },
            ItemStatus::Waiting
            | ItemStatus::Running
            | ItemStatus::Placing
            | ItemStatus::Interrupted
            | ItemStatus::Cancelled => false,
        }
    }

    /// Whether its file was asked for and could not be processed: the file was gone or had changed, the name of its output was
    /// taken or impossible, or it was not possible to find out whether it was asked for. The other skipped files need no work. What
    /// the plan found in a folder and is no regular file was never asked for. It was asked for if the request names it, or if it
    /// stopped being a regular file after the plan.
    pub fn is_missed(self) -> bool {
        let ItemStatus::Skipped { reason, planned } = self else { return false };
        match reason {
            SkipReason::Missing
            | SkipReason::DiskMissing
            | SkipReason::Changed
            | SkipReason::HardLinks
            | SkipReason::Collision
            | SkipReason::NotOurs
            | SkipReason::Named
            | SkipReason::HalfChanged
            | SkipReason::Reserved
            | SkipReason::TooLong
            | SkipReason::NoName
            | SkipReason::NotPermitted
            | SkipReason::Unread => true,
            SkipReason::Symlink | SkipReason::NotAFile => !planned,
            SkipReason::Done
            | SkipReason::Command
            | SkipReason::NotSmaller
            | SkipReason::Moved
            | SkipReason::Recipe
            | SkipReason::Unsupported
            | SkipReason::Kept
            | SkipReason::Lacking
            | SkipReason::With
            | SkipReason::Unlisted
            | SkipReason::TooSmall
            | SkipReason::TooLarge
            | SkipReason::TooNew
            | SkipReason::TooOld
            | SkipReason::OtherType => false,
        }
    }

    /// Whether it keeps its job from ending as completed: it failed, or it was missed.
    pub fn is_error(self) -> bool {
        matches!(self, ItemStatus::Failed(_)) || self.is_missed()
    }

    /// Why it was skipped or failed, or that its file is as it was, as a text for people.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            ItemStatus::Skipped { reason: SkipReason::Missing, planned: true } => Some("not there"),
            ItemStatus::Skipped { reason, .. } => Some(reason.text()),
            ItemStatus::Failed(reason) => Some(reason.text()),
            ItemStatus::Succeeded(DiskEffect::Unchanged) => Some("unchanged"),
            _ => None,
        }
    }

    /// Whether it is an outcome for its file; a cancelled item is not.
    pub fn is_outcome(self) -> bool {
        matches!(self, ItemStatus::Succeeded(_) | ItemStatus::Skipped { .. } | ItemStatus::Failed(_))
    }

    /// Whether its file needs no more work unless something changes: it succeeded, or its output was not small enough.
    pub fn is_done(self) -> bool {
        let larger = ItemStatus::Skipped { reason: SkipReason::NotSmaller, planned: false };
        matches!(self, ItemStatus::Succeeded(_)) || self == larger
    }

    /// Whether the job still waits for it.
    pub fn is_open(self) -> bool {
        matches!(self, ItemStatus::Waiting | ItemStatus::Running | ItemStatus::Placing | ItemStatus::Interrupted)
    }

    /// Whether a worker holds it.
    pub fn is_running(self) -> bool {
        matches!(self, ItemStatus::Running | ItemStatus::Placing)
    }

    /// Whether the job waits for it, but no worker holds it.
    pub fn is_idle(self) -> bool {
        matches!(self, ItemStatus::Waiting | ItemStatus::Interrupted)
    }
}
