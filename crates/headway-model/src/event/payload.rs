//! The payload of an event: how it is encoded and decoded, and how long it can get.

use std::io::Write;

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{JobEvent, MESSAGE_LIMIT};
use crate::event_kind::EventKind;
use crate::id::{Millis, Seq};
use crate::read::{FromJson, JsonValue, NotRead, read};

/// Initial capacity for a payload, in bytes; most payloads are shorter.
const PAYLOAD_CAPACITY: usize = 160;

/// An event with its number and time: the content of a payload.
#[derive(Debug, Clone, PartialEq, Eq, FromJson)]
pub struct Recorded {
    /// Its number within the job.
    pub seq: Seq,
    /// When it was recorded.
    pub at: Millis,
    /// The fact.
    #[serde(flatten)]
    pub event: JobEvent,
}

/// The bytes are not an event that this version knows. An unknown variant stops folding; it is never skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event that this version knows: {0}")]
pub struct UnknownEvent(pub String);

/// The text of an event, byte for byte: what is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Box<str>);

impl Payload {
    /// Its bytes.
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Payload(text.into())
    }
}

impl FromJson for Payload {
    fn from_json(json: JsonValue<'_>) -> Result<Self, NotRead> {
        Ok(Payload(json.text().into()))
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Recorded {
    /// Encodes the payload: the bytes that are hashed, stored and sent.
    pub fn encode(&self) -> String {
        let mut payload = Vec::with_capacity(PAYLOAD_CAPACITY);
        write!(payload, r#"{{"seq":{},"at":{}"#, self.seq, self.at).expect("memory takes every byte");
        let event = payload.len();
        serde_json::to_writer(&mut payload, &self.event).expect("every key of an event is a string");
        payload[event] = b',';
        String::from_utf8(payload).expect("JSON is UTF-8")
    }

    /// Decodes a payload.
    pub fn decode(payload: &str) -> Result<Self, UnknownEvent> {
        read(payload).map_err(|error: NotRead| UnknownEvent(error.to_string()))
    }
}

impl JobEvent {
    /// Maximum size of its payload in bytes: 160, and more where it holds messages or names.
    pub fn payload_limit(&self) -> usize {
        use EventKind as K;
        match self.kind() {
            K::Created => 1_024,
            K::Planned => 4_096,
            // Three paths, each as long as the system opens in one call.
            K::Placing | K::Changing => 16_384,
            K::Pruned => 400,
            // A character can take six bytes once JSON has escaped it.
            K::Failed | K::AttemptFailed | K::Ended => 224 + 6 * MESSAGE_LIMIT,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::item::{DiskEffect, FailReason};

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
                effect: DiskEffect::Unchanged,
                detail: Some(Digest([255; 16])),
            },
            JobEvent::Returned { item: u32::MAX, attempt: u32::MAX },
            JobEvent::Changed { priority: Some(i32::MIN), concurrency: Some(u32::MAX) },
            JobEvent::Failed {
                item: u32::MAX,
                attempt: u32::MAX,
                reason: FailReason::Interrupted,
                message: "\u{1}".repeat(MESSAGE_LIMIT),
                detail: Some(Digest([255; 16])),
            },
        ];
        for event in events {
            let recorded = Recorded { seq: u64::from(u32::MAX), at: 99_999_999_999_999, event };
            assert!(recorded.encode().len() <= recorded.event.payload_limit(), "{}", recorded.encode());
        }
    }
}
