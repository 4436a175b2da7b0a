//! The event vocabulary of version 1: every fact that can be recorded about a job.
//!
//! A payload is the JSON `{"seq", "at", "event", ...}`, stored and sent as exactly the bytes that were hashed. Variants
//! and fields are only ever added: `tests/data/events_v1.jsonl` must always load.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::done::Reruns;
use super::event_kind::EventKind;
use super::id::{JobId, Millis, Seq};
use super::item::{Effect, FailReason, SkipReason};
use super::serde_defaults::is_default;
use super::status::{EndReason, PauseReason};

/// Maximum number of items in one `planned` event.
pub const PLANNED_AT_ONCE: u32 = 1_000;

/// Maximum length of a failure message, in bytes.
pub const MESSAGE_LIMIT: usize = 500;

/// Initial capacity for a payload, in bytes; most payloads are shorter.
const PAYLOAD_CAPACITY: usize = 160;

/// Maximum length of a job's title, in bytes.
pub const TITLE_LIMIT: usize = 120;

/// One fact about a job. `detail` is the BLAKE3-128 of the larger content that is stored beside the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The item is done.
    Succeeded {
        /// Index of the item.
        item: u32,
        /// The attempt.
        attempt: u32,
        /// What it did to the disk.
        effect: Effect,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltWhen {
    /// Stops them.
    Now,
    /// Lets them finish.
    Soon,
}

/// An event with its number and time: the content of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number within the job.
    pub seq: Seq,
    /// When it was recorded.
    pub at: Millis,
    /// The fact.
    pub event: JobEvent,
}

/// The bytes are not an event that this version knows. An unknown variant stops folding; it is never skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event that this version knows: {0}")]
pub struct UnknownEvent(pub String);

#[derive(Deserialize)]
struct Stamp {
    seq: Seq,
    at: Millis,
}

impl Recorded {
    /// Encodes the payload: the bytes that are hashed, stored and sent.
    pub fn encode(&self) -> String {
        let mut payload = Vec::with_capacity(PAYLOAD_CAPACITY);
        // Neither write can fail: the bytes go to memory, and every key is a string.
        write!(payload, r#"{{"seq":{},"at":{}"#, self.seq, self.at).ok();
        let event = payload.len();
        serde_json::to_writer(&mut payload, &self.event).ok();
        payload[event] = b',';
        String::from_utf8(payload).unwrap_or_default()
    }

    /// Decodes a payload.
    pub fn decode(payload: &str) -> Result<Self, UnknownEvent> {
        let unknown = |error: serde_json::Error| UnknownEvent(error.to_string());
        let stamp: Stamp = serde_json::from_str(payload).map_err(unknown)?;
        let event = serde_json::from_str(payload).map_err(unknown)?;
        Ok(Recorded { seq: stamp.seq, at: stamp.at, event })
    }
}

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
            | JobEvent::Succeeded { item, attempt, .. }
            | JobEvent::Skipped { item, attempt, .. }
            | JobEvent::Failed { item, attempt, .. }
            | JobEvent::AttemptFailed { item, attempt, .. }
            | JobEvent::Returned { item, attempt }
            | JobEvent::Stopped { item, attempt }
            | JobEvent::Recovered { item, attempt } => Some((item, Some(attempt))),
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

    /// Maximum size of its payload in bytes: 160, and more where it holds messages or names.
    pub fn payload_limit(&self) -> usize {
        use EventKind as K;
        match self.kind() {
            K::Created => 1_024,
            K::Planned | K::Placing => 4_096,
            K::Pruned => 400,
            // A character can take six bytes once JSON has escaped it.
            K::Failed | K::AttemptFailed | K::Ended => 160 + 6 * MESSAGE_LIMIT,
            K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Cancelled
            | K::Changed
            | K::Started
            | K::Succeeded
            | K::Skipped
            | K::Returned
            | K::Stopped
            | K::Recovered
            | K::Requeued
            | K::Dropped => 160,
        }
    }

    /// The hash of its detail, if it has one.
    pub fn detail(&self) -> Option<Digest> {
        match self {
            JobEvent::Created { request, .. } => Some(*request),
            JobEvent::Planned { detail, .. } => Some(*detail),
            JobEvent::Succeeded { detail, .. } => *detail,
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
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => None,
        }
    }
}

/// Truncates a text to at most `limit` bytes at a character boundary, and marks the cut with an ellipsis.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_begins_with_its_number_and_reads_back() {
        let recorded = Recorded { seq: 7, at: 1_764_000_000_000, event: JobEvent::Started { item: 3, attempt: 1 } };
        let payload = recorded.encode();
        assert_eq!(payload, r#"{"seq":7,"at":1764000000000,"event":"started","item":3,"attempt":1}"#);
        assert_eq!(Recorded::decode(&payload), Ok(recorded));
        let began = Recorded { seq: 2, at: 5, event: JobEvent::Began {} };
        assert_eq!(began.encode(), r#"{"seq":2,"at":5,"event":"began"}"#);
        assert_eq!(Recorded::decode(&began.encode()), Ok(began));
    }

    #[test]
    fn an_event_of_a_later_version_is_not_skipped() {
        let error = Recorded::decode(r#"{"seq":1,"at":1,"event":"teleported","item":3}"#);
        assert!(error.is_err());
    }

    #[test]
    fn the_largest_numbers_stay_within_the_payload_limit() {
        let events = [
            JobEvent::Succeeded {
                item: u32::MAX,
                attempt: 99_999,
                effect: Effect::Unchanged,
                detail: Some(Digest([255; 16])),
            },
            JobEvent::Returned { item: u32::MAX, attempt: u32::MAX },
            JobEvent::Changed { priority: Some(i32::MIN), concurrency: Some(u32::MAX) },
            JobEvent::Failed {
                item: u32::MAX,
                attempt: u32::MAX,
                reason: FailReason::Interrupted,
                message: "\u{1}".repeat(MESSAGE_LIMIT),
            },
        ];
        for event in events {
            let recorded = Recorded { seq: u64::from(u32::MAX), at: 99_999_999_999_999, event };
            assert!(recorded.encode().len() <= recorded.event.payload_limit(), "{}", recorded.encode());
        }
    }

    #[test]
    fn a_cut_text_ends_at_a_character() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("ääääää", 8), "ää…");
    }
}
