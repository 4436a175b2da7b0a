//! The bodies of the messages: what each kind carries.

use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::digest::Digest;
use crate::event::Payload;
use crate::id::{JobId, Millis, Position, Seq};
use crate::load::FilePart;
use crate::path::RelPath;
use crate::read::FromJson;
use crate::serde_defaults::{is_default, yes};
use crate::snapshot::Snapshot;
use crate::sorted::SortedMap;
use crate::status::JobStatus;
use crate::summary::JobSummary;

/// `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Hello {
    /// The server's build.
    pub build: String,
    /// The server's clock.
    pub now: Millis,
    /// Whether the server can record events; if not, it must be restarted.
    #[serde(default = "yes")]
    pub recording: bool,
    /// Which of its own tasks the server skips after repeated crashes, and what to do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left_out: Option<String>,
}

/// `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
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
#[derive(Debug, Clone, FromJson)]
pub struct Events {
    /// Runs of events, each of one job.
    pub frames: Vec<Frame>,
}

/// Consecutive events of one job.
#[derive(Debug, Clone, FromJson)]
pub struct Frame {
    /// The job.
    pub job: JobId,
    /// Payloads, as exactly the bytes that were hashed.
    pub events: Vec<Payload>,
}

/// `summaries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Summaries {
    /// The jobs' summaries.
    pub summaries: Vec<JobSummary>,
}

/// `now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Now {
    /// The job.
    pub job: JobId,
    /// The job's last event at that moment.
    pub seq: Seq,
    /// At most 64 running attempts.
    pub running: Vec<RunningItem>,
}

/// A running attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
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
    /// When its work began, in the server's time; 0 if an older server does not say.
    #[serde(default)]
    pub since: Millis,
    /// When it last made progress, as far as that can be seen from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Millis>,
    /// The finished files with which it can be compared, once it has worked for a while and if they are not too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similar: Option<SimilarFiles>,
}

/// The files of a job that succeeded since its server started and are about as large as a running one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct SimilarFiles {
    /// How many.
    pub files: u64,
    /// How long one of them took on average.
    pub ms: Millis,
}

impl RunningItem {
    /// How much is done of the file, if that is known.
    pub fn part(&self) -> Option<FilePart> {
        match (self.percent, self.total) {
            (Some(percent), _) => Some(FilePart { thousandths: u64::from(percent.min(100)) * 10, bytes: 0 }),
            (None, 0) => None,
            (None, total) => {
                let thousandths = u128::from(self.done.min(total)) * 1_000 / u128::from(total);
                Some(FilePart { thousandths: u64::try_from(thousandths).unwrap_or(1_000), bytes: self.done.min(total) })
            }
        }
    }
}

/// `absent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Absent {
    /// The job.
    pub job: JobId,
}

/// `caught_up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct CaughtUp {
    /// The head of the log when the connection began.
    pub cursor: Cursor,
}

/// `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Ping {
    /// The head of the log.
    pub head: Position,
    /// The server's clock.
    pub now: Millis,
    /// For each followed job: the `seq` and digest that this connection has sent, and the job's last `seq` in the log.
    pub jobs: SortedMap<JobId, (Seq, Digest, Seq)>,
    /// Whether the server can record events.
    #[serde(default = "yes")]
    pub recording: bool,
    /// Which of its own tasks the server skips after repeated crashes, and what to do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left_out: Option<String>,
}

/// `reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Reset {
    /// Why.
    pub reason: ResetReason,
    /// The jobs whose snapshots follow; the others are replayed.
    pub jobs: Vec<JobId>,
}

/// Why a cursor could not be honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct Closed {
    /// The job.
    pub job: JobId,
    /// Why nothing more will be sent.
    #[serde(flatten)]
    pub how: ClosedHow,
}

/// Why nothing more will be sent. Only the first means that the job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, FromJson)]
#[serde(rename_all = "snake_case")]
pub enum GoneReason {
    /// The job did not appear within 30 s. Its id stays usable.
    Absent,
    /// Its history was removed.
    Pruned,
    /// It is set aside, because its events cannot be read. `headway doctor` says what can be done.
    SetAside,
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
