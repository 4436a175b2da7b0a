//! The newest commits as they go out on the wire: every frame is encoded once and shared by all readers.
//!
//! This is a cache of the log, not a queue: it waits for no reader, and a reader that needs older commits reads the store.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use headway_model::EventKind;
use headway_model::id::{JobId, Position, Seq};
use headway_model::message::{FRAME_BYTES, MESSAGE_LIMIT, Room, frame_text};
use headway_model::{Digest, JobSummary};
use headway_store::Head;
use headway_store::rows::{Batch, EventRow, JobRow};

/// The most bytes of frames to keep.
const BYTES_LIMIT: usize = 16 * 1024 * 1024;

/// The events of one job within one [`Part`].
#[derive(Debug, Clone)]
pub struct Frame {
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
pub struct Commit {
    /// The head after it.
    pub head: Head,
    parts: Vec<Part>,
}

/// The piece of a commit that goes into one message: all events from one position to another.
#[derive(Debug, Clone)]
pub struct Part {
    /// The position before its first event.
    pub after: Position,
    /// The position of its last event.
    pub up_to: Position,
    /// The digest in the row at that position.
    pub digest: Option<Digest>,
    /// Its events, by job.
    pub frames: Vec<Frame>,
    /// How many events it has.
    pub events: usize,
    /// The jobs that the commit changed; only in its last part.
    changed: Vec<Changed>,
    bytes: usize,
}

impl Commit {
    /// Encodes a batch that is about to be written.
    pub fn of(batch: &Batch) -> Self {
        Commit::within(batch, MESSAGE_LIMIT)
    }

    /// Like [`Commit::of`], in parts of at most `limit` bytes beyond their first event.
    pub fn within(batch: &Batch, limit: usize) -> Self {
        let head = Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no };
        let pieces = Room::cut(limit, &batch.events, |rows, row| {
            let framed = rows.iter().any(|known| known.job_no == row.job_no);
            row.payload.len() + 1 + if framed { 0 } else { FRAME_BYTES }
        });
        let mut parts: Vec<_> = pieces.iter().map(|rows| Part::of(rows)).collect();
        if parts.is_empty() {
            parts.push(Part::none(batch.head));
        }
        if let Some(last) = parts.last_mut() {
            (last.up_to, last.digest) = (head.position, head.digest);
            last.changed = batch.jobs.iter().map(Changed::from).collect();
        }
        Commit { head, parts }
    }
}

impl Part {
    /// A part without events.
    fn none(at: Position) -> Self {
        Part { after: at, up_to: at, digest: None, frames: Vec::new(), events: 0, changed: Vec::new(), bytes: 0 }
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
        let frame = |(first, last, payloads): (&EventRow, &EventRow, Vec<&str>)| Frame {
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
        Part {
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

/// The newest commits.
#[derive(Debug, Default)]
pub struct Recent(RwLock<(VecDeque<Arc<Part>>, usize)>);

impl Clone for Recent {
    fn clone(&self) -> Self {
        Recent(RwLock::new(self.0.read().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl Recent {
    /// Adds a commit that is on the disk. Call this before waking readers.
    pub fn publish(&self, commit: Commit) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (parts, bytes) = &mut *inner;
        for part in commit.parts {
            *bytes += part.bytes;
            parts.push_back(Arc::new(part));
        }
        while *bytes > BYTES_LIMIT
            && let Some(oldest) = parts.pop_front()
        {
            *bytes -= oldest.bytes;
        }
    }

    /// Whole parts with `after < position <= up_to`, in order, until they hold `limit` events. `None` if the store must be read,
    /// because the parts are no longer here or `after` lies within a part.
    pub fn page(&self, after: Position, up_to: Position, limit: usize) -> Option<Vec<Arc<Part>>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let parts = &inner.0;
        let from = parts.partition_point(|part| part.after < after);
        let first = parts.get(from).filter(|part| part.after == after && part.up_to <= up_to)?;
        let mut events = first.events;
        let mut page = vec![Arc::clone(first)];
        for part in parts.range(from + 1..) {
            if events >= limit || part.up_to > up_to {
                break;
            }
            events += part.events;
            page.push(Arc::clone(part));
        }
        Some(page)
    }

    /// Jobs with an event after this position, each once, as they are now; `None` if the store must be read.
    pub fn changed(&self, after: Position) -> Option<Vec<Changed>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let parts = &inner.0;
        parts.front().filter(|oldest| oldest.after <= after)?;
        let from = parts.partition_point(|part| part.up_to <= after);
        let mut jobs: Vec<Changed> = Vec::new();
        for changed in parts.range(from..).flat_map(|part| &part.changed) {
            match jobs.iter_mut().find(|known| known.summary.job == changed.summary.job) {
                Some(known) => known.clone_from(changed),
                None => jobs.push(changed.clone()),
            }
        }
        Some(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(after: Position, events: u64) -> Commit {
        let row = |position| EventRow {
            position,
            job_no: 1,
            job: JobId::mint(1, [1; 10]),
            seq: position,
            payload: format!(r#"{{"seq":{position},"at":0,"event":"began"}}"#),
            detail: None,
            digest: Digest([position as u8; 16]),
        };
        Commit::of(&Batch {
            head: after + events,
            digest: Some(Digest([(after + events) as u8; 16])),
            events: (after + 1..=after + events).map(row).collect(),
            ..Batch::default()
        })
    }

    #[test]
    fn only_whole_parts_from_the_boundary_of_one_are_given() {
        let recent = Recent::default();
        for (after, events) in [(10, 3), (13, 1), (14, 5)] {
            recent.publish(commit(after, events));
        }
        let heads = |after, up_to, limit| {
            let page = recent.page(after, up_to, limit)?;
            Some(page.iter().map(|part| part.up_to).collect::<Vec<_>>())
        };
        assert_eq!(heads(10, 19, 500), Some(vec![13, 14, 19]));
        assert_eq!(heads(10, 18, 500), Some(vec![13, 14]), "no further than was asked");
        assert_eq!(heads(10, 19, 2), Some(vec![13]), "a page is bounded");
        assert_eq!(heads(11, 19, 500), None, "within a part");
        assert_eq!(heads(9, 19, 500), None, "no longer here");
        assert_eq!(heads(19, 19, 500), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let recent = Recent::default();
        for number in 0..40_000 {
            recent.publish(commit(number * 10, 10));
        }
        let (parts, bytes) = &*recent.0.read().expect("a lock");
        assert!(*bytes <= BYTES_LIMIT && parts.len() > 10_000, "{bytes} bytes in {} parts", parts.len());
    }

    /// Two jobs take turns within the commit, yet the parts do not overlap.
    #[test]
    fn a_large_commit_is_cut_into_parts_each_of_which_is_a_message_and_a_place_to_go_on_from() {
        let row = |position: u64| EventRow {
            position,
            job_no: position % 2,
            job: JobId::mint(1, [(position % 2) as u8; 10]),
            seq: position.div_ceil(2),
            payload: format!(r#"{{"seq":{},"at":1764000000000,"event":"began"}}"#, position.div_ceil(2)),
            detail: None,
            digest: Digest([position as u8; 16]),
        };
        let batch = Batch {
            head: 250,
            digest: Some(Digest([250; 16])),
            events: (1..=250).map(row).collect(),
            ..Batch::default()
        };
        let commit = Commit::of(&batch);
        assert!(commit.parts.len() > 1, "larger than one message");
        let (mut at, mut told) = (0, [0, 0]);
        for part in &commit.parts {
            let frames: Vec<_> = part.frames.iter().map(|frame| frame.text.as_str()).collect();
            let message = headway_model::message::events_text(&frames);
            assert!(message.len() < 8 * 1024, "{} bytes", message.len());
            assert_eq!(part.after, at);
            assert_eq!(part.digest, Some(Digest([part.up_to as u8; 16])), "the check of a cursor there");
            for frame in &part.frames {
                let told = &mut told[frame.job_no as usize];
                assert_eq!(frame.first, *told + 1);
                *told = frame.last;
            }
            assert_eq!(told[0] + told[1], part.up_to, "all up to there has been told");
            at = part.up_to;
        }
        assert_eq!(at, 250);
        let recent = Recent::default();
        recent.publish(commit);
        let second = recent.page(0, 250, 1).expect("a part")[0].up_to;
        assert!(recent.page(second, 250, 500).is_some(), "a cursor within the commit goes on");
        assert_eq!(recent.changed(second), Some(Vec::new()));
    }
}
