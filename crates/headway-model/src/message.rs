//! The messages that the server sends on a stream. `docs/protocol.md` describes them for other languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::cursor::Cursor;
use super::digest::Digest;
use super::id::{JobId, Millis, Position, Seq};
use super::path::RelPath;
use super::serde_defaults::yes;
use super::snapshot::Snapshot;
use super::status::JobStatus;
use super::summary::JobSummary;

/// Maximum size in bytes of an `events` message beyond its first event. On a link that breaks after few bytes, every
/// message that gets through is progress.
pub const MESSAGE_LIMIT: usize = 7_800;

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

/// `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The server's build.
    pub build: String,
    /// The server's clock.
    pub now: Millis,
    /// Whether the server can record events; if not, it must be restarted.
    #[serde(default = "yes")]
    pub recording: bool,
}

/// `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMessage {
    /// The job.
    pub job: JobId,
    /// The `seq` that it describes.
    pub seq: Seq,
    /// The digest at that `seq`.
    pub digest: Digest,
    /// The hash of the fold, for comparison after decoding.
    pub fold: Digest,
    /// The fold.
    pub state: Snapshot,
}

/// `events`.
#[derive(Debug, Clone, Deserialize)]
pub struct Events {
    /// Runs of events, each of one job.
    pub frames: Vec<Frame>,
}

/// Consecutive events of one job.
#[derive(Debug, Clone, Deserialize)]
pub struct Frame {
    /// The job.
    pub job: JobId,
    /// Payloads, as exactly the bytes that were hashed.
    pub events: Vec<Box<RawValue>>,
}

/// `summaries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summaries {
    /// The jobs' summaries.
    pub summaries: Vec<JobSummary>,
}

/// `now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// The job.
    pub job: JobId,
    /// The job's last event at that moment.
    pub seq: Seq,
    /// At most 64 running attempts.
    pub running: Vec<RunningItem>,
}

/// A running attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningItem {
    /// Index of the item.
    pub item: u32,
    /// The attempt.
    pub attempt: u32,
    /// The file.
    pub path: RelPath,
    /// Bytes processed; 0 if the work is not measured in bytes.
    pub done: u64,
    /// Total bytes; 0 if the work is not measured in bytes.
    pub total: u64,
    /// The progress that its program reports, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// The job that holds the file this attempt waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<JobId>,
}

/// `absent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// The job.
    pub job: JobId,
}

/// `caught_up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtUp {
    /// The head of the log when the connection began.
    pub cursor: Cursor,
}

/// `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The head of the log.
    pub head: Position,
    /// The server's clock.
    pub now: Millis,
    /// For each followed job: the `seq` and digest that this connection has sent, and the job's last `seq` in the log.
    pub jobs: BTreeMap<JobId, (Seq, Digest, Seq)>,
    /// Whether the server can record events.
    #[serde(default = "yes")]
    pub recording: bool,
}

/// `reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Why.
    pub reason: ResetReason,
    /// The jobs whose snapshots follow; the others are replayed.
    pub jobs: Vec<JobId>,
}

/// Why a cursor could not be honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// It is not a cursor.
    Malformed,
    /// It is ahead of the log's head.
    Future,
    /// Its row no longer exists.
    Pruned,
    /// The log has another event at its position: it is another log, or a restored one.
    Diverged,
    /// Too many events followed; a snapshot is shorter.
    Far,
}

/// `closed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The job.
    pub job: JobId,
    /// Why nothing more will be sent.
    #[serde(flatten)]
    pub how: ClosedHow,
}

/// Why nothing more will be sent. Only the first means that the job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClosedHow {
    /// The job ended.
    Ended {
        /// The `seq` of its last event.
        seq: Seq,
        /// The hash of its fold.
        fold: Digest,
        /// How it ended.
        #[serde(flatten)]
        status: JobStatus,
    },
    /// The server stopped following the job.
    Gone {
        /// Why.
        reason: GoneReason,
    },
}

/// Why the server stopped following a job that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneReason {
    /// The job did not appear within 30 s. Its id stays usable.
    Absent,
    /// Its history was removed.
    Pruned,
}

/// The text is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable message: {0}")]
pub struct BadMessage(String);

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Serialize)]
struct WithKind<'a, T> {
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

impl Message {
    /// Decodes a message: first its kind, then the rest by kind, because raw JSON does not survive inside tagged types.
    pub fn decode(text: &str) -> Result<Self, BadMessage> {
        fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, BadMessage> {
            serde_json::from_str(text).map_err(|error| BadMessage(error.to_string()))
        }
        let kind: Kind = read(text)?;
        Ok(match kind.kind.as_str() {
            "hello" => Message::Hello(read(text)?),
            "snapshot" => Message::Snapshot(Box::new(read(text)?)),
            "events" => Message::Events(read(text)?),
            "summaries" => Message::Summaries(read(text)?),
            "now" => Message::Now(read(text)?),
            "absent" => Message::Absent(read(text)?),
            "caught_up" => Message::CaughtUp(read(text)?),
            "ping" => Message::Ping(read(text)?),
            "reset" => Message::Reset(read(text)?),
            "closed" => Message::Closed(read(text)?),
            _ => Message::Unknown(kind.kind),
        })
    }
}

/// A message body that knows its kind.
pub trait Body: Serialize {
    /// The kind, as in the message.
    const KIND: &'static str;

    /// The message's text: one line of JSON.
    fn text(&self) -> String
    where
        Self: Sized,
    {
        serde_json::to_string(&WithKind { kind: Self::KIND, body: self }).expect("every key is a text, so it is JSON")
    }
}

macro_rules! kinds {
    ($($body:ty = $kind:literal),* $(,)?) => { $(impl Body for $body { const KIND: &'static str = $kind; })* };
}

kinds! {
    Hello = "hello",
    SnapshotMessage = "snapshot",
    Summaries = "summaries",
    Now = "now",
    Absent = "absent",
    CaughtUp = "caught_up",
    Ping = "ping",
    Reset = "reset",
    Closed = "closed",
}

/// The room left in a message. The first part always fits, however large it is.
#[derive(Debug, Clone, Copy)]
pub struct Room(usize);

impl Room {
    /// Room for this many bytes.
    pub fn new(bytes: usize) -> Self {
        Room(bytes)
    }

    /// Takes room for this many bytes, if they fit; returns whether they do.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }

    /// Splits a list into non-empty parts, each of which fits into one message. `bytes` returns how much longer a
    /// message that already holds these elements gets with one more.
    pub fn cut<T>(limit: usize, list: impl IntoIterator<Item = T>, bytes: impl Fn(&[T], &T) -> usize) -> Vec<Vec<T>> {
        let mut parts: Vec<Vec<T>> = Vec::new();
        let mut room = Room::new(limit);
        for element in list {
            match parts.last_mut() {
                Some(part) if room.takes(bytes(part, &element)) => part.push(element),
                _ => {
                    room = Room::new(limit);
                    parts.push(vec![element]);
                }
            }
        }
        parts
    }
}

/// Size in bytes of a frame without its payloads, including the comma after it.
pub const FRAME_BYTES: usize = 59;

/// The text of a frame: payloads of one job, joined unchanged.
pub fn frame_text(job: &JobId, payloads: &[&str]) -> String {
    format!(r#"{{"job":"{job}","events":[{}]}}"#, payloads.join(","))
}

/// The text of an `events` message, made by joining frames.
pub fn events_text<T: AsRef<str>>(frames: &[T]) -> String {
    let bytes: usize = frames.iter().map(|frame| frame.as_ref().len() + 1).sum();
    let mut text = String::with_capacity(bytes + 32);
    text.push_str(r#"{"kind":"events","frames":["#);
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(frame.as_ref());
    }
    text.push_str("]}");
    text
}

/// A message inside the response to one call: it carries its event id, if any, as `id`.
pub fn with_id(text: &str, id: Option<&str>) -> String {
    match (id, text.strip_prefix('{')) {
        (Some(id), Some(rest)) => format!(r#"{{"id":"{id}",{rest}"#),
        _ => text.to_owned(),
    }
}

/// The messages in the response to one call, each with its event id (empty for none).
pub fn messages(answer: &str) -> Result<Vec<(&str, String)>, BadMessage> {
    #[derive(Deserialize)]
    struct Id {
        #[serde(default)]
        id: String,
    }
    let bad = |error: serde_json::Error| BadMessage(error.to_string());
    let parts: Vec<&RawValue> = serde_json::from_str(answer).map_err(bad)?;
    let read = |part: &'_ RawValue| serde_json::from_str::<Id>(part.get()).map(|id| id.id).map_err(bad);
    parts.into_iter().map(|part| Ok((part.get(), read(part)?))).collect()
}

impl std::fmt::Display for ResetReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ResetReason::Malformed => "malformed",
            ResetReason::Future => "future",
            ResetReason::Pruned => "pruned",
            ResetReason::Diverged => "diverged",
            ResetReason::Far => "far",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back_as_the_very_bytes_that_were_sent() {
        let job = JobId::mint(1, [1; 10]);
        let payloads = [r#"{"seq":1, "odd":  "spacing" }"#, r#"{"seq":2,"event":"began"}"#];
        let text = events_text(&[frame_text(&job, &payloads)]);
        let Ok(Message::Events(events)) = Message::decode(&text) else { panic!("{text}") };
        let read: Vec<_> = events.frames[0].events.iter().map(|raw| raw.get()).collect();
        assert_eq!(read, payloads);
    }

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
        let ping = Ping { head: 9, now: 1, jobs: [(job, (1, Digest([2; 16]), 4))].into(), recording: true };
        let Ok(Message::Ping(read)) = Message::decode(&ping.text()) else { panic!("{}", ping.text()) };
        assert_eq!(read, ping);
    }

    #[test]
    fn an_answer_to_one_call_is_the_messages_with_their_ids() {
        let job = JobId::mint(1, [1; 10]);
        let (one, two) = (Absent { job }.text(), CaughtUp { cursor: Cursor::start() }.text());
        let answer = format!("[{},{}]", with_id(&one, None), with_id(&two, Some("0.0")));
        let read = messages(&answer).expect("two messages");
        assert_eq!(read.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["", "0.0"]);
        assert!(matches!(Message::decode(read[0].0), Ok(Message::Absent(_))));
        assert!(matches!(Message::decode(read[1].0), Ok(Message::CaughtUp(_))));
        assert!(messages(&answer[..answer.len() - 1]).is_err(), "half an answer is none");
    }

    #[test]
    fn a_list_is_cut_where_a_message_is_full_and_nothing_is_lost() {
        let cut = |list: &[usize]| Room::cut(10, list.to_vec(), |_, length| *length);
        assert_eq!(cut(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(cut(&[50, 4, 6, 1, 11, 99]), [vec![50, 4, 6], vec![1], vec![11], vec![99]]);
        let job = JobId::mint(1, [1; 10]);
        assert_eq!(frame_text(&job, &[]).len() + 1, FRAME_BYTES);
    }

    #[test]
    fn an_unknown_kind_is_reported_not_dropped() {
        assert!(matches!(Message::decode(r#"{"kind":"surprise"}"#), Ok(Message::Unknown(kind)) if kind == "surprise"));
        assert!(Message::decode("not json").is_err());
    }
}
