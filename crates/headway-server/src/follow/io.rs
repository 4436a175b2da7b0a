//! What goes in and out of the sender: the request, the reads with their answers, the messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::recent::{Changed, CommitPart};
use headway_model::cursor::InvalidCursor;
use headway_model::id::{JobId, Millis, Position, Seq};
use headway_model::message::Now;
use headway_model::{Cursor, Digest, Fold};
use headway_store::Head;
use headway_store::rows::{EventRow, JobRow};

/// A client's request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The jobs to follow, each with what the client holds of it.
    pub jobs: BTreeMap<JobId, Holds>,
    /// Whether summaries of all jobs are wanted.
    pub watch: bool,
    /// Whether they are wanted of followed jobs as well: a stream can have several readers, each following other jobs.
    pub watch_followed: bool,
    /// Where to resume.
    pub cursor: Option<Result<Cursor, InvalidCursor>>,
    /// Whether to replay event by event however long that takes, instead of sending a snapshot.
    pub replay_all: bool,
}

/// The events of a job that a client already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing: the job begins at its first event, or with a snapshot.
    Nothing,
    /// Its fold at the cursor.
    AtCursor,
    /// Its events up to this one. It is sent every later event and never a snapshot, wherever the cursor is.
    UpTo(Seq),
}

impl Holds {
    /// Reads the value of `held=`: the job's id as a text, and the events that the client has. `None` if the number
    /// makes no sense.
    pub fn read(value: &str) -> Option<(&str, Self)> {
        match value.split_once('.') {
            None => Some((value, Holds::AtCursor)),
            Some((id, seq)) => Some((id, Holds::UpTo(seq.parse().ok()?))),
        }
    }
}

/// The next task of the shell.
#[derive(Debug)]
pub enum SenderStep {
    /// Read this, and pass the answer to [`Serving::give`](super::Serving::give).
    Read(Read),
    /// Write one message.
    Send(Outgoing),
    /// Wait for a wake-up, but no longer than until this time.
    Wait(Millis),
    /// End the stream.
    End,
}

/// One SSE message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// One line of JSON.
    pub text: String,
    /// The event id: a cursor up to which everything is sent, if the message promises that.
    pub id: Option<String>,
    /// Whether it has news for the reader.
    pub news: bool,
}

/// A read that the machine requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The head of the log.
    Head,
    /// The digest in the row at a position.
    DigestAt(Position),
    /// One job.
    Job(JobId),
    /// The last event of a job at or before a position.
    EventBefore(JobId, u64, Position),
    /// The event of a job with this number.
    EventAt(JobId, u64, Seq),
    /// The folds of these jobs, all at the same position.
    Folds(Vec<JobId>),
    /// A page of events of these jobs, after the first position and up to the second.
    Page(Vec<u64>, Position, Position),
    /// The live jobs.
    Live,
    /// Jobs with an event after a position, the least recently changed first: at most [`CHANGED_PAGE`](super::CHANGED_PAGE), or all.
    Changed(Position),
    /// The running items of a job.
    Now(JobId),
}

/// The answer to a [`Read`].
#[derive(Debug, Clone)]
pub enum ReadResult {
    /// To [`Read::Head`].
    Head(Head),
    /// To [`Read::DigestAt`].
    DigestAt(Option<Digest>),
    /// To [`Read::Job`].
    Job(JobId, Option<Box<JobRow>>),
    /// To [`Read::Job`], if its events cannot be read.
    SetAside(JobId),
    /// To [`Read::EventBefore`].
    EventBefore(JobId, Option<(Seq, Digest)>),
    /// To [`Read::EventAt`]: its number, its position and its digest.
    EventAt(JobId, Option<(Seq, Position, Digest)>),
    /// To [`Read::Folds`].
    Folds(Vec<Fold>),
    /// To [`Read::Page`].
    Page(Vec<EventRow>),
    /// To [`Read::Page`], if encoded parts of the log begin exactly there.
    Parts(Vec<Arc<CommitPart>>),
    /// To [`Read::Live`] and [`Read::Changed`].
    Jobs(Vec<Changed>),
    /// To [`Read::Now`].
    Now(Now),
}
