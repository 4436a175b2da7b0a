//! Why an item succeeded, was skipped or failed: numbers in the log, and texts for people.

use serde::{Deserialize, Serialize};

use crate::read::FromJson;

/// Defines an enum whose numbers are part of the log's format: each stands beside its variant, and variants are only
/// ever added.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
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
        /// The command's exit code asked for it.
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
        /// The request names it, and it is not a regular file: a symbolic link, device, socket or pipe.
        Named = 15,
        /// No line of the manifest names it, so there was nothing to compare.
        Unlisted = 16,
        /// The name of its output, or its new name, would be longer than any file system takes.
        TooLong = 17,
        /// The name of its output would not be a valid file name.
        NoName = 18,
        /// Its type is one that the recipe is for, but not in the way in which this file is written.
        Unsupported = 19,
        /// An earlier job was interrupted while it changed the file, and the disk does not tell how far it got.
        HalfChanged = 20,
        /// The name of its output, or its new name, would be one that Headway reserves for itself.
        Reserved = 21,
        /// The disk that it was on is missing, and a person had the job go on without it.
        DiskMissing = 22,
        /// It is smaller than the request asks for.
        TooSmall = 23,
        /// It is larger than the request asks for.
        TooLarge = 24,
        /// Its content changed more recently than the request asks for.
        TooNew = 25,
        /// Its content last changed longer ago than the request asks for.
        TooOld = 26,
        /// The type of its content is not one that the request asks for, or is not known.
        OtherType = 27,
        /// Its type matters to the request, and it is not permitted to read it.
        NotPermitted = 28,
        /// Its type matters to the request, and its content could not be read.
        Unread = 29,
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
        /// The files where an output was placed match neither the old state nor the new one, or cannot be inspected;
        /// nothing was touched.
        Conflict = 6,
        /// The command exited with a failure.
        Command = 7,
        /// The output did not pass its check.
        Verify = 8,
        /// The recipe could not do its work for a reason outside the file: what the job needs, its plan, an earlier job or the
        /// file system.
        Unable = 9,
    }
}

impl SkipReason {
    /// Whether the file does not meet the conditions of the request, so that nobody asked for it.
    pub fn is_unmet_condition(self) -> bool {
        matches!(
            self,
            SkipReason::TooSmall
                | SkipReason::TooLarge
                | SkipReason::TooNew
                | SkipReason::TooOld
                | SkipReason::OtherType
        )
    }

    /// Whether the plan could not find out whether the request asks for the file.
    pub fn is_not_looked_at(self) -> bool {
        matches!(self, SkipReason::NotPermitted | SkipReason::Unread)
    }

    /// Its key as a cause, for filtering items. No key of a failure's cause begins like it.
    pub fn key(self) -> String {
        format!("left{}", self as u8)
    }

    /// The reason with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        key.strip_prefix("left")?.parse().ok().and_then(Self::from_number)
    }

    /// The text that a person reads, the same on the page, in reports and in the terminal.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Done => "already done",
            SkipReason::Missing => "no longer there",
            SkipReason::Changed => "changed since it was planned",
            SkipReason::Symlink => "a symbolic link",
            SkipReason::NotAFile => "not a regular file",
            SkipReason::DiskMissing => "not looked at: its disk is missing",
            SkipReason::HardLinks => "has other hard links",
            SkipReason::Collision => "another file has the new name",
            SkipReason::Command => "its program says that it needs nothing",
            SkipReason::NotSmaller => "would not be smaller",
            SkipReason::NotOurs => "no longer what the job put there",
            SkipReason::Moved => "already done, under another name",
            SkipReason::Recipe => "not a type of file that the recipe is for",
            SkipReason::Kept => "stays: not one of the files to be removed",
            SkipReason::Named => "named, but not a regular file",
            SkipReason::Unlisted => "no line of the manifest names it",
            SkipReason::TooLong => "the output's name would be longer than 255 bytes",
            SkipReason::NoName => "the output's name would not be a file name",
            SkipReason::Unsupported => "its format is written in a way that cannot be decoded here",
            SkipReason::Reserved => "the output's name would begin with .headway-, which is reserved for Headway",
            SkipReason::HalfChanged => {
                "half changed by an earlier job, which says \"conflict on disk\": undo that job first"
            }
            SkipReason::With => "is renamed together with another file of the job",
            SkipReason::Lacking => "lacks something that its new name is made from, such as a date or a series",
            SkipReason::TooSmall => "smaller than asked for",
            SkipReason::TooLarge => "larger than asked for",
            SkipReason::TooNew => "newer than asked for",
            SkipReason::TooOld => "older than asked for",
            SkipReason::OtherType => "of another type than asked for",
            SkipReason::NotPermitted => "not looked at: no permission to read it",
            SkipReason::Unread => "not looked at: its content cannot be read",
        }
    }
}

impl FailReason {
    /// Whether the file itself is the reason: another attempt with the same bytes and settings ends alike. Every other reason can
    /// pass by itself or be removed: storage, a program, a person, time. An output can fail its check because it could not be
    /// read, or because the program that checks it failed.
    pub fn is_of_file(self) -> bool {
        match self {
            FailReason::Recipe => true,
            FailReason::Read
            | FailReason::Write
            | FailReason::Panic
            | FailReason::Timeout
            | FailReason::Interrupted
            | FailReason::Conflict
            | FailReason::Command
            | FailReason::Verify
            | FailReason::Unable => false,
        }
    }

    /// Whether a reason, as people read it, says no more than that the item failed. Then a message says it all.
    pub fn adds_nothing(text: &str) -> bool {
        [FailReason::Recipe, FailReason::Command].iter().any(|reason| reason.text() == text)
    }

    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            FailReason::Recipe | FailReason::Unable => "failed",
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
