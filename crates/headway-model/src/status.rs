//! The status of a job.

use serde::{Deserialize, Serialize};

use crate::read::FromJson;

/// A job's status. Each variant says who moves a job out of it, and with which event. On the wire: `{"status": ...,
/// "reason": ...}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum JobStatus {
    /// The server lists the files. The planner moves it on by `plan_ended` or `ended`.
    Planning,
    /// Waits for approval. A person moves it on by `approved`.
    Planned,
    /// Waits for a free slot. The engine moves it on by `began`.
    Queued,
    /// Items run. The engine moves it on once no item is open.
    Processing,
    /// Starts no new items. A person, or the end of the reason, moves it on by `resumed`.
    Paused {
        /// What it waits for.
        reason: PauseReason,
    },
    /// A cancel was requested; running items are being stopped. The engine moves it on by `cancelled`.
    Cancelling,
    /// All items are settled; the recipe's last step runs. The engine moves it on by `ended`.
    Finishing,
    /// Terminal: no item failed.
    Completed,
    /// Terminal: it ran to completion; some items failed, some did not.
    CompletedWithErrors,
    /// Terminal: every item that ran failed, or the plan, the last step or the halt policy ended it.
    Failed {
        /// Which of these.
        reason: EndReason,
    },
    /// Terminal: a person cancelled it.
    Cancelled,
}

/// Why a job is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A person paused it; no other reason replaces this one.
    User,
    /// The disk is full.
    DiskFull,
    /// Files of the library cannot be reached: its folder, a disk inside it, or one of them.
    LibraryGone,
    /// The file system is read-only.
    ReadOnly,
    /// The process has no file descriptors left.
    TooManyOpenFiles,
    /// Memory is short.
    MemoryLow,
    /// The system starts no further process or thread.
    TooManyProcesses,
    /// What the previous process left on the library's storage cannot be inspected yet: the storage is slow or does
    /// not answer.
    StorageSilent,
    /// The storage reports input/output errors, for several files in a row or for a step of the whole job.
    StorageErrors,
    /// Items were interrupted, and their recipe is not repeatable, so a person decides.
    Interrupted,
    /// The server cannot continue the job: it crashed repeatedly at the same step, or cannot read what it needs. A
    /// person decides whether it tries again.
    Stuck,
}

/// Who ends what a job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitEnd {
    /// It passes by itself, and then the job continues automatically.
    #[default]
    Itself,
    /// Only a person ends it.
    Person,
}

/// Why a job failed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The files could not be listed, or the recipe cannot do what was asked for.
    Plan,
    /// Every item that ran failed.
    AllFailed,
    /// The recipe's last step failed.
    Finish,
    /// It asked for files by their names, and found none.
    NoMatch,
    /// The halt policy ended it.
    Halt,
}

impl JobStatus {
    /// Its word in SQL, JSON and CSS.
    pub fn label(self) -> &'static str {
        match self {
            JobStatus::Planning => "planning",
            JobStatus::Planned => "planned",
            JobStatus::Queued => "queued",
            JobStatus::Processing => "processing",
            JobStatus::Paused { .. } => "paused",
            JobStatus::Cancelling => "cancelling",
            JobStatus::Finishing => "finishing",
            JobStatus::Completed => "completed",
            JobStatus::CompletedWithErrors => "completed_with_errors",
            JobStatus::Failed { .. } => "failed",
            JobStatus::Cancelled => "cancelled",
        }
    }

    /// The status of a job that is over, by its label, and by the reason if it failed; `None` if this is no such status.
    pub fn over(label: &str, reason: Option<EndReason>) -> Option<Self> {
        let failed = reason.map(|reason| JobStatus::Failed { reason });
        let ended = [JobStatus::Completed, JobStatus::CompletedWithErrors, JobStatus::Cancelled];
        ended.into_iter().chain(failed).find(|status| status.label() == label)
    }

    /// The text that a person reads.
    pub fn text(self) -> String {
        match self {
            JobStatus::Paused { reason } => format!("paused: {}", reason.text()),
            JobStatus::Failed { reason } => format!("failed: {}", reason.text()),
            other => other.label().replace('_', " "),
        }
    }

    /// Whether the job is over.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            JobStatus::Completed | JobStatus::CompletedWithErrors | JobStatus::Failed { .. } | JobStatus::Cancelled
        )
    }

    /// Why it is paused, if it is.
    pub fn pause_reason(self) -> Option<PauseReason> {
        match self {
            JobStatus::Paused { reason } => Some(reason),
            _ => None,
        }
    }

    /// Who ends what a job with this status waits for, as far as the status tells; `None` if it does not wait.
    pub fn wait_end(self) -> Option<WaitEnd> {
        match self {
            JobStatus::Planned => Some(WaitEnd::Person),
            JobStatus::Queued => Some(WaitEnd::Itself),
            JobStatus::Paused { reason } => Some(reason.wait_end()),
            JobStatus::Planning
            | JobStatus::Processing
            | JobStatus::Cancelling
            | JobStatus::Finishing
            | JobStatus::Completed
            | JobStatus::CompletedWithErrors
            | JobStatus::Failed { .. }
            | JobStatus::Cancelled => None,
        }
    }

    /// Whether a cancel would still have an effect.
    pub fn can_cancel(self) -> bool {
        !self.is_terminal() && self != JobStatus::Cancelling
    }
}

impl PauseReason {
    /// Whether it can pass by itself, without a person's decision.
    pub fn is_environment(self) -> bool {
        self.wait_end() == WaitEnd::Itself
    }

    /// Who ends it, as far as the reason tells: a library can also wait for a person.
    pub fn wait_end(self) -> WaitEnd {
        match self {
            PauseReason::User | PauseReason::Interrupted | PauseReason::Stuck => WaitEnd::Person,
            PauseReason::DiskFull
            | PauseReason::LibraryGone
            | PauseReason::ReadOnly
            | PauseReason::TooManyOpenFiles
            | PauseReason::MemoryLow
            | PauseReason::TooManyProcesses
            | PauseReason::StorageSilent
            | PauseReason::StorageErrors => WaitEnd::Itself,
        }
    }

    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            PauseReason::User => "by you",
            PauseReason::DiskFull => "the disk is full",
            PauseReason::LibraryGone => "files of the library cannot be reached",
            PauseReason::ReadOnly => "the file system is read-only",
            PauseReason::TooManyOpenFiles => "too many open files",
            PauseReason::MemoryLow => "memory is short",
            PauseReason::TooManyProcesses => "too many processes",
            PauseReason::StorageSilent => "no answer from the library's storage so far",
            PauseReason::StorageErrors => "the storage reports input/output errors",
            PauseReason::Interrupted => "items were interrupted",
            PauseReason::Stuck => "the server could not go on with it",
        }
    }

    /// The same, where the root of the library itself was looked at.
    pub fn text_of_root(self) -> &'static str {
        match self {
            PauseReason::LibraryGone => "the library's folder cannot be reached",
            other => other.text(),
        }
    }
}

impl EndReason {
    /// The text that a person reads.
    pub fn text(self) -> &'static str {
        match self {
            EndReason::Plan => "could not be prepared",
            EndReason::AllFailed => "every file failed",
            EndReason::Finish => "the last step failed",
            EndReason::NoMatch => "no file was found",
            EndReason::Halt => "halted after failures",
        }
    }
}
