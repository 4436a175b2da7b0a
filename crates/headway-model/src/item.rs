//! One file of a job, and the byte in which a fold stores its status.

use serde::{Deserialize, Serialize};

use super::library::OutcomeFilter;

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

/// Defines an enum whose numbers are part of the log's format: each stands beside its variant, and variants are only
/// ever added.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $variant = $number,)+
        }

        impl $name {
            /// Every variant, in the order of their numbers.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The variant with this number; `None` if no version of Headway writes it.
            pub fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

numbered! {
    /// What a success did to the disk.
    pub enum DiskEffect {
        /// The file was replaced.
        Changed = 0,
        /// The output would equal the file; nothing was written.
        Unchanged = 1,
        /// A new file was written.
        Created = 2,
        /// The file was only read.
        Read = 3,
    }
}

numbered! {
    /// Why an item was skipped. Numbers are part of the log's format: only add.
    pub enum SkipReason {
        /// The same file was already processed with the same recipe and settings.
        Done = 0,
        /// The file is no longer there.
        Missing = 1,
        /// The file changed after the plan, before or during the attempt.
        Changed = 2,
        /// It is a symbolic link.
        Symlink = 3,
        /// It is neither a file nor a link: a folder, device, socket or pipe.
        NotAFile = 4,
        /// Other names (hard links) share its content.
        HardLinks = 5,
        /// Another item, or an existing file, has the output's name.
        Collision = 6,
        /// The command said so by its exit code.
        Command = 7,
        /// The output is not enough smaller than the original.
        NotSmaller = 8,
        /// The file there is not the one that the undone job wrote, so it is kept.
        NotOurs = 9,
        /// A file with the same content was already processed under another name.
        Moved = 10,
        /// The recipe is not for files of this type.
        Recipe = 11,
        /// It stays: it is not one of the files to be removed.
        Kept = 12,
        /// It lacks something that its new name is made from, such as a date.
        Lacking = 13,
        /// It is renamed together with another file of the job, whose new name depends on it.
        With = 14,
        /// The request names it, and it is no regular file: a symbolic link, device, socket or pipe.
        Named = 15,
        /// No line of the manifest names it, so there was nothing to compare.
        Unlisted = 16,
    }
}

numbered! {
    /// Why an attempt failed. Numbers are part of the log's format: only add.
    pub enum FailReason {
        /// The recipe rejected the file.
        Recipe = 0,
        /// The file could not be read.
        Read = 1,
        /// The output could not be written.
        Write = 2,
        /// The recipe panicked.
        Panic = 3,
        /// It exceeded its time limit.
        Timeout = 4,
        /// It was interrupted and not run again.
        Interrupted = 5,
        /// The files where an output was placed match neither the old state nor the new one, or cannot be examined;
        /// nothing was touched.
        Conflict = 6,
        /// The command exited with a failure.
        Command = 7,
        /// The output did not pass its check.
        Verify = 8,
    }
}

impl ItemStatus {
    /// The byte that a fold stores: 0-3 open, 4-7 succeeded, 8 cancelled, 16 + reason failed, 64 + reason skipped by an
    /// attempt, 128 + reason skipped by the plan.
    pub fn byte(self) -> u8 {
        match self {
            ItemStatus::Waiting => 0,
            ItemStatus::Running => 1,
            ItemStatus::Placing => 2,
            ItemStatus::Interrupted => 3,
            ItemStatus::Succeeded(effect) => 4 + effect as u8,
            ItemStatus::Cancelled => 8,
            ItemStatus::Failed(reason) => 16 + reason as u8,
            ItemStatus::Skipped { reason, planned: false } => 64 + reason as u8,
            ItemStatus::Skipped { reason, planned: true } => 128 + reason as u8,
        }
    }

    /// The status that a byte stands for; `None` if no version of Headway writes it.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => ItemStatus::Waiting,
            1 => ItemStatus::Running,
            2 => ItemStatus::Placing,
            3 => ItemStatus::Interrupted,
            4..=7 => ItemStatus::Succeeded(DiskEffect::from_number(byte - 4)?),
            8 => ItemStatus::Cancelled,
            16..64 => ItemStatus::Failed(FailReason::from_number(byte - 16)?),
            64..128 => ItemStatus::Skipped { reason: SkipReason::from_number(byte - 64)?, planned: false },
            128.. => ItemStatus::Skipped { reason: SkipReason::from_number(byte - 128)?, planned: true },
            9..16 => return None,
        })
    }

    /// Its word in SQL, JSON and CSS.
    pub fn label(self) -> &'static str {
        match self {
            ItemStatus::Waiting => "waiting",
            ItemStatus::Running | ItemStatus::Placing => "running",
            ItemStatus::Interrupted => "interrupted",
            ItemStatus::Succeeded(_) => "succeeded",
            ItemStatus::Skipped { .. } => "skipped",
            ItemStatus::Failed(_) => "failed",
            ItemStatus::Cancelled => "cancelled",
        }
    }

    /// How the library lists a file with this last status: unprocessed, processed or failed. A file that was missed,
    /// or whose type the recipe does not handle, counts as unprocessed.
    pub fn shown_as(self) -> OutcomeFilter {
        match self {
            ItemStatus::Succeeded(_) => OutcomeFilter::Processed,
            ItemStatus::Skipped { .. } if self.is_missed() => OutcomeFilter::Unprocessed,
            ItemStatus::Skipped {
                reason: SkipReason::Recipe | SkipReason::Kept | SkipReason::Lacking | SkipReason::Unlisted,
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

    /// Whether its file was asked for and could not be processed: it was gone, had changed, or its output's name was
    /// taken. The other skipped files need no work. If the plan found, in a folder, that it is no regular file, it was
    /// never asked for; if the request names it, or it stopped being one later, it was.
    pub fn is_missed(self) -> bool {
        let ItemStatus::Skipped { reason, planned } = self else { return false };
        match reason {
            SkipReason::Missing
            | SkipReason::Changed
            | SkipReason::HardLinks
            | SkipReason::Collision
            | SkipReason::NotOurs
            | SkipReason::Named => true,
            SkipReason::Symlink | SkipReason::NotAFile => !planned,
            SkipReason::Done
            | SkipReason::Command
            | SkipReason::NotSmaller
            | SkipReason::Moved
            | SkipReason::Recipe
            | SkipReason::Kept
            | SkipReason::Lacking
            | SkipReason::With
            | SkipReason::Unlisted => false,
        }
    }

    /// Whether it keeps its job from ending as completed: it failed, or it was missed.
    pub fn is_error(self) -> bool {
        matches!(self, ItemStatus::Failed(_)) || self.is_missed()
    }

    /// Whether items that are listed by this word include it: one of [`ITEM_LABELS`], or [`ERRORS`].
    pub fn is_listed_by(self, word: &str) -> bool {
        if word == ERRORS { self.is_error() } else { self.label() == word }
    }

    /// Why it was skipped or failed, as a text for people.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            ItemStatus::Skipped { reason: SkipReason::Missing, planned: true } => Some("not there"),
            ItemStatus::Skipped { reason, .. } => Some(reason.text()),
            ItemStatus::Failed(reason) => Some(reason.text()),
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

/// The word by which the items are listed that [count as errors](ItemStatus::is_error).
pub const ERRORS: &str = "errors";

/// The labels that items can be listed by.
pub const ITEM_LABELS: [&str; 7] = ["waiting", "running", "interrupted", "succeeded", "skipped", "failed", "cancelled"];

impl SkipReason {
    /// Its key as a cause, by which items are filtered. No key of a failure's cause begins like it.
    pub fn key(self) -> String {
        format!("left{}", self as u8)
    }

    /// The reason with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        key.strip_prefix("left")?.parse().ok().and_then(Self::from_number)
    }

    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Done => "already done",
            SkipReason::Missing => "no longer there",
            SkipReason::Changed => "changed since it was planned",
            SkipReason::Symlink => "a symbolic link",
            SkipReason::NotAFile => "not a regular file",
            SkipReason::HardLinks => "has other hard links",
            SkipReason::Collision => "another file has the output's name",
            SkipReason::Command => "the command skipped it",
            SkipReason::NotSmaller => "would not be smaller",
            SkipReason::NotOurs => "no longer what the job put there",
            SkipReason::Moved => "already done, under another name",
            SkipReason::Recipe => "not a type of file that the recipe is for",
            SkipReason::Kept => "stays: not one of the files to be removed",
            SkipReason::Named => "named, but not a regular file",
            SkipReason::Unlisted => "no line of the manifest names it",
            SkipReason::With => "is renamed together with another file of the job",
            SkipReason::Lacking => "lacks something that its new name is made from, such as a date or a series",
        }
    }
}

impl FailReason {
    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            FailReason::Recipe => "failed",
            FailReason::Read => "could not be read",
            FailReason::Write => "could not be written",
            FailReason::Panic => "the recipe crashed",
            FailReason::Timeout => "took too long",
            FailReason::Interrupted => "interrupted",
            FailReason::Conflict => "conflict on disk",
            FailReason::Command => "the command failed",
            FailReason::Verify => "the output failed its check",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_one_status_or_none() {
        let known: Vec<u8> = (0..=255).filter(|byte| ItemStatus::from_byte(*byte).is_some()).collect();
        assert_eq!(known.len(), 4 + 4 + 1 + 9 + 17 + 17);
        for byte in known {
            assert_eq!(ItemStatus::from_byte(byte).map(ItemStatus::byte), Some(byte));
        }
    }
}
