//! A commit as it goes out on the wire: its frames, in parts that fit into one message each.

use headway_model::EventKind;
use headway_model::id::{JobId, Position, Seq};
use headway_model::message::{FRAME_BYTES, MESSAGE_ROOM_BYTES, MessageRoom, frame_text};
use headway_model::{Digest, JobSummary};
use headway_store::Head;
use headway_store::rows::{Batch, EventRow, JobRow};

/// The events of one job within one [`CommitPart`].
#[derive(Debug, Clone)]
pub struct JobEvents {
    /// The store's number for the job.
    pub job_no: u64,
    /// The job.
    pub job: JobId,
    /// Its first event here.
    pub first: Seq,
    /// Its last event here.
    pub last: Seq,
    /// The job's digest up to the last.
    pub digest: Digest,
    /// Whether the job begins to process here.
    pub began: bool,
    /// Whether the job ends here.
    pub over: bool,
    /// Its text in a message.
    pub text: String,
}

/// A job's state at a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Position of its last event.
    pub position: Position,
    /// The state.
    pub summary: JobSummary,
}

/// One commit of the log, with a part for each message that it takes.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    /// The head after it.
    pub head: Head,
    pub(super) parts: Vec<CommitPart>,
}

/// The piece of a commit that goes into one message: all events from one position to another.
#[derive(Debug, Clone)]
pub struct CommitPart {
    /// The position before its first event.
    pub after: Position,
    /// The position of its last event.
    pub up_to: Position,
    /// The digest in the row at that position.
    pub digest: Option<Digest>,
    /// Its events, by job.
    pub frames: Vec<JobEvents>,
    /// How many events it has.
    pub events: usize,
    /// The jobs that the commit changed; only in its last part.
    pub(super) changed: Vec<Changed>,
    pub(super) bytes: usize,
}

impl Commit {
    /// Encodes a batch that is about to be written.
    pub(crate) fn of(batch: &Batch) -> Self {
        Commit::within(batch, MESSAGE_ROOM_BYTES)
    }

    /// Like [`Commit::of`], in parts of at most `limit` bytes beyond their first event.
    pub(crate) fn within(batch: &Batch, limit: usize) -> Self {
        let head = Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no };
        let pieces = MessageRoom::cut(limit, &batch.events, |rows, row| {
            let framed = rows.iter().any(|known| known.job_no == row.job_no);
            row.payload.len() + 1 + if framed { 0 } else { FRAME_BYTES }
        });
        let mut parts: Vec<_> = pieces.iter().map(|rows| CommitPart::of(rows)).collect();
        if parts.is_empty() {
            parts.push(CommitPart::none(batch.head));
        }
        if let Some(last) = parts.last_mut() {
            (last.up_to, last.digest) = (head.position, head.digest);
            last.changed = batch.jobs.iter().map(Changed::from).collect();
        }
        Commit { head, parts }
    }
}

impl CommitPart {
    /// A part without events.
    fn none(at: Position) -> Self {
        CommitPart { after: at, up_to: at, digest: None, frames: Vec::new(), events: 0, changed: Vec::new(), bytes: 0 }
    }

    fn of(rows: &[&EventRow]) -> Self {
        let mut runs: Vec<(&EventRow, &EventRow, Vec<&str>)> = Vec::new();
        for &row in rows {
            match runs.iter_mut().find(|(first, ..)| first.job_no == row.job_no) {
                Some((_, last, payloads)) => {
                    *last = row;
                    payloads.push(&row.payload);
                }
                None => runs.push((row, row, vec![&row.payload])),
            }
        }
        let frame = |(first, last, payloads): (&EventRow, &EventRow, Vec<&str>)| JobEvents {
            job_no: first.job_no,
            job: first.job,
            first: first.seq,
            last: last.seq,
            digest: last.digest,
            began: payloads.iter().any(|payload| EventKind::of_payload(payload) == Some(EventKind::Began)),
            over: EventKind::of_payload(&last.payload).is_some_and(EventKind::is_terminal),
            text: frame_text(&first.job, &payloads),
        };
        let frames: Vec<_> = runs.into_iter().map(frame).collect();
        let (first, last) = (rows.first().map_or(0, |row| row.position), rows.last());
        CommitPart {
            after: first.saturating_sub(1),
            up_to: last.map_or(0, |row| row.position),
            digest: last.map(|row| row.digest),
            events: rows.len(),
            bytes: frames.iter().map(|frame| frame.text.len() + 200).sum(),
            changed: Vec::new(),
            frames,
        }
    }
}

impl From<&JobRow> for Changed {
    fn from(row: &JobRow) -> Self {
        Changed { position: row.last_position, summary: row.summary.clone() }
    }
}
