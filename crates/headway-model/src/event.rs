//! The event vocabulary of version 1: every fact that can be recorded about a job.
//!
//! A payload is the JSON `{"seq", "at", "event", ...}`, stored and sent as exactly the bytes that were hashed. Variants
//! and fields are only ever added: `tests/data/events_v1.jsonl` must always load.

mod about;
mod payload;

pub use super::text::cut;
pub use payload::{Payload, Recorded, UnknownEvent};

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::done::Reruns;
use super::id::{JobId, Millis};
use super::item::{DiskEffect, FailReason, SkipReason};
use super::moves::Move;
use super::path::RelPath;
use super::serde_defaults::is_default;
use super::status::{EndReason, PauseReason};
use super::text::cut_middle;
use crate::read::FromJson;

/// Maximum number of items in one `planned` event.
pub const PLANNED_AT_ONCE: u32 = 1_000;

/// Maximum length of a failure message, in bytes.
pub const MESSAGE_LIMIT: usize = 500;

/// A failure message as an event has it: if it is too long, without its middle. What went wrong often stands at its end,
/// behind a path.
pub fn shortened(message: &str) -> String {
    cut_middle(message, MESSAGE_LIMIT)
}

/// Maximum length of a job's title, in bytes.
pub const TITLE_LIMIT: usize = 120;

/// One fact about a job. `detail` is the BLAKE3-128 of the larger content that is stored beside the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JobEvent {
    /// The job exists. Durable before its start call returns. The detail is the request.
    Created {
        /// The job.
        id: JobId,
        /// The name of its recipe.
        recipe: String,
        /// The title that a person reads.
        title: String,
        /// Hash of the request, which is also the detail.
        request: Digest,
        /// Whether a person must approve the plan.
        #[serde(default, skip_serializing_if = "is_default")]
        approval: bool,
        /// Higher priorities run first.
        #[serde(default, skip_serializing_if = "is_default")]
        priority: i32,
        /// Maximum number of items to run at once; 0 lets the server decide.
        #[serde(default, skip_serializing_if = "is_default")]
        concurrency: u32,
        /// The job this one retries.
        #[serde(default, skip_serializing_if = "is_default")]
        parent: Option<JobId>,
        /// Hash of everything that determines the recipe's output for a file: files already processed under the same
        /// hash need not be processed again.
        #[serde(default, skip_serializing_if = "is_default")]
        work: Option<Digest>,
    },
    /// Adds `count` items, beginning with index `first`; all wait, except the skips. The detail lists the files.
    Planned {
        /// Index of the first item.
        first: u32,
        /// Number of items, 1 to 1,000.
        count: u32,
        /// Runs of skipped items as (first index, length, reason), in order and without overlap.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skips: Vec<(u32, u32, SkipReason)>,
        /// Hash of the list of files.
        detail: Digest,
    },
    /// The list of items is complete.
    PlanEnded {
        /// How many items were planned.
        total: u32,
        /// How many of them were already processed, and why they run again.
        #[serde(default, skip_serializing_if = "is_default")]
        reruns: Reruns,
    },
    /// A person approved the plan.
    Approved {},
    /// The job got a slot to run in.
    Began {},
    /// No new item starts until `resumed`.
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// The pause is over.
    Resumed {},
    /// The halt policy ends the job: waiting and interrupted items are cancelled, nothing more starts.
    Halted {
        /// Which count reached its limit.
        by: HaltBy,
        /// Whether running items are stopped as well.
        when: HaltWhen,
    },
    /// All items are settled; the recipe's last step begins.
    Finishing {},
    /// A person cancelled the job.
    CancelRequested {},
    /// The cancel is complete: open items are cancelled, nothing runs.
    Cancelled {},
    /// The job is over.
    Ended {
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Settings of the live job changed.
    Changed {
        /// The new priority.
        #[serde(default, skip_serializing_if = "is_default")]
        priority: Option<i32>,
        /// The new concurrency.
        #[serde(default, skip_serializing_if = "is_default")]
        concurrency: Option<u32>,
    },
    /// The job's history was removed; only this event remains.
    Pruned {
        /// The job.
        id: JobId,
        /// Hash of its request.
        request: Digest,
        /// The label of its terminal status.
        ended_as: String,
        /// Why it failed as a whole, if it did.
        #[serde(default, skip_serializing_if = "is_default")]
        reason: Option<EndReason>,
        /// When it was created.
        created: Millis,
        /// When it ended.
        ended: Millis,
        /// The digest before this event.
        previous: Digest,
    },
    /// An attempt claimed the item. `attempt` is the item's last one + 1.
    Started {
        /// Index of the item.
        item: u32,
        /// Number of the attempt; the fencing token.
        attempt: u32,
    },
    /// The output is verified and about to be placed. Durable before the first rename.
    Placing {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// The temporary file.
        temp: String,
        /// The output's final name.
        target: String,
        /// Where the old file goes, if there is one.
        #[serde(default, skip_serializing_if = "is_default")]
        trash: Option<String>,
        /// Hash of the old content, if there is one.
        #[serde(default, skip_serializing_if = "is_default")]
        old: Option<Digest>,
        /// Hash of the new content.
        new: Digest,
    },
    /// Files of the item are about to be renamed: all of them, or none. Durable before the first rename.
    Changing {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// The renames, in the order in which they are made.
        moves: Vec<Move>,
        /// Folders that are created for the new names. An undo removes those that are empty by then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        folders: Vec<RelPath>,
    },
    /// The item is done.
    Succeeded {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// What it did to the disk.
        effect: DiskEffect,
        /// Hash of the recipe's result for it.
        #[serde(default, skip_serializing_if = "is_default")]
        detail: Option<Digest>,
    },
    /// The attempt found nothing to do.
    Skipped {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: SkipReason,
    },
    /// The attempt failed, and no retry is left.
    Failed {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// The kind of failure.
        reason: FailReason,
        /// The message that a person reads, at most 500 bytes.
        message: String,
        /// Hash of what the recipe's last step needs to know of it, if the message is not all.
        #[serde(default, skip_serializing_if = "is_default")]
        detail: Option<Digest>,
    },
    /// The attempt failed, and the item will be retried.
    AttemptFailed {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// The earliest time of the next attempt.
        retry_at: Millis,
        /// The kind of failure.
        reason: FailReason,
        /// The message that a person reads, at most 500 bytes.
        message: String,
    },
    /// The attempt was withdrawn and does not count: the environment failed, or the server is stopping.
    Returned {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
    },
    /// A cancel or a halt stopped the attempt.
    Stopped {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
    },
    /// The worker of this attempt died.
    Recovered {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// When its process last showed that it worked on the job, if that is known: the present if that process lives.
        #[serde(default, skip_serializing_if = "is_default")]
        alive: Option<Millis>,
    },
    /// The item waits again.
    Requeued {
        /// Index of the item.
        item: u32,
    },
    /// The interrupted item is not run again.
    Dropped {
        /// Index of the item.
        item: u32,
    },
}

/// How a job ended without being cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// No item failed, and every file that was asked for was processed.
    Completed,
    /// Some items failed or were missed, some did not.
    CompletedWithErrors,
    /// Every item that ran failed, or the job as a whole did.
    Failed {
        /// Which of these.
        reason: EndReason,
        /// The message that a person reads, at most 500 bytes.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
}

/// What a halt policy counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum HaltBy {
    /// Failures: the job fails.
    Fail,
    /// Successes: enough is done.
    Success,
    /// Settled items: enough is done.
    Done,
}

/// What a halt does to running items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum HaltWhen {
    /// Stops them.
    Now,
    /// Lets them finish.
    Soon,
}
