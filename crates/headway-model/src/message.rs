//! The messages that the server sends on a stream. `docs/protocol.md` describes them for other languages.

mod bodies;
mod encode;
mod frame;
mod response;
mod room;

pub use bodies::{
    Absent, CaughtUp, Closed, ClosedHow, Events, Frame, GoneReason, Hello, Now, Ping, Reset, ResetReason, RunningItem,
    SimilarFiles, SnapshotMessage, Summaries,
};
pub use encode::Body;
pub use frame::{FRAME_BYTES, events_text, frame_text};
pub use response::{messages, with_id};
pub use room::{MESSAGE_ROOM_BYTES, MessageRoom};

use crate::read::{Document, FromJson, NotRead};

/// One message: JSON with its `kind`.
#[derive(Debug, Clone)]
pub enum Message {
    /// First on every connection.
    Hello(Hello),
    /// A job's fold at one event; replaces the client's.
    Snapshot(Box<SnapshotMessage>),
    /// Events, in the order of the log.
    Events(Events),
    /// Summaries of watched jobs.
    Summaries(Summaries),
    /// What is running at this moment; never stored.
    Now(Now),
    /// A followed job does not exist yet.
    Absent(Absent),
    /// Everything that was in the log when the connection began has been sent.
    CaughtUp(CaughtUp),
    /// What this connection has sent, every 5 s.
    Ping(Ping),
    /// The cursor could not be honoured; snapshots of the named jobs follow.
    Reset(Reset),
    /// Nothing more will be sent for this job.
    Closed(Closed),
    /// A kind that this version does not know.
    Unknown(String),
}

/// The text is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable message: {0}")]
pub struct BadMessage(String);

impl Message {
    /// Decodes a message.
    pub fn decode(text: &str) -> Result<Self, BadMessage> {
        Message::read(text).map_err(|error| BadMessage(error.to_string()))
    }

    fn read(text: &str) -> Result<Self, NotRead> {
        let document = Document::parse(text)?;
        let json = document.root();
        let kind: String = json.field("kind")?;
        Ok(match kind.as_str() {
            "hello" => Message::Hello(FromJson::from_json(json)?),
            "snapshot" => Message::Snapshot(FromJson::from_json(json)?),
            "events" => Message::Events(FromJson::from_json(json)?),
            "summaries" => Message::Summaries(FromJson::from_json(json)?),
            "now" => Message::Now(FromJson::from_json(json)?),
            "absent" => Message::Absent(FromJson::from_json(json)?),
            "caught_up" => Message::CaughtUp(FromJson::from_json(json)?),
            "ping" => Message::Ping(FromJson::from_json(json)?),
            "reset" => Message::Reset(FromJson::from_json(json)?),
            "closed" => Message::Closed(FromJson::from_json(json)?),
            _ => Message::Unknown(kind),
        })
    }
}

/// Whether a message says that the cursor of its connection could not be honoured.
pub(crate) fn is_reset(text: &str) -> bool {
    let kind = |document: Document| document.root().field::<String>("kind");
    Document::parse(text).and_then(kind).is_ok_and(|kind| kind == "reset")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::id::JobId;
    use crate::status::JobStatus;

    #[test]
    fn every_kind_reads_back() {
        let job = JobId::mint(1, [1; 10]);
        let closed =
            Closed { job, how: ClosedHow::Ended { seq: 3, fold: Digest([1; 16]), status: JobStatus::Completed } };
        let Ok(Message::Closed(read)) = Message::decode(&closed.text()) else { panic!("{}", closed.text()) };
        assert_eq!(read, closed);
        let gone = Closed { job, how: ClosedHow::Gone { reason: GoneReason::Absent } };
        let Ok(Message::Closed(read)) = Message::decode(&gone.text()) else { panic!("{}", gone.text()) };
        assert_eq!(read, gone);
        let ping =
            Ping { head: 9, now: 1, jobs: [(job, (1, Digest([2; 16]), 4))].into(), recording: true, left_out: None };
        let Ok(Message::Ping(read)) = Message::decode(&ping.text()) else { panic!("{}", ping.text()) };
        assert_eq!(read, ping);
    }

    #[test]
    fn an_unknown_kind_is_reported_not_dropped() {
        assert!(matches!(Message::decode(r#"{"kind":"surprise"}"#), Ok(Message::Unknown(kind)) if kind == "surprise"));
        assert!(Message::decode("not json").is_err());
    }
}
