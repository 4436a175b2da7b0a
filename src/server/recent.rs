//! The newest commits as they go out on the wire: every frame encoded once, and shared by all who read it.
//!
//! A cache of the log, not a queue: nobody is waited for, and who asks for more than it holds reads the store.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use super::rows::{Batch, EventRow, JobRow};
use super::store::Head;
use crate::model::EventKind;
use crate::model::id::{JobId, Position, Seq};
use crate::model::message::frame_text;
use crate::model::{Digest, JobSummary};

/// The most bytes of frames that are kept.
const BYTES: usize = 16 * 1024 * 1024;

/// The events of one job in one commit.
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
    /// The chain up to the last.
    pub digest: Digest,
    /// Whether the job begins to process here.
    pub began: bool,
    /// Whether the job ends here.
    pub over: bool,
    /// As it stands in a message.
    pub text: String,
}

/// A job's state, and the position it is true at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Position of its last event.
    pub position: Position,
    /// The state.
    pub summary: JobSummary,
}

/// One transaction of the log.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The head before it.
    pub after: Position,
    /// The head after it, with the digest in its row.
    pub head: Head,
    /// What it holds of each job.
    pub frames: Vec<Frame>,
    /// How many events that is.
    pub events: usize,
    changed: Vec<Changed>,
    bytes: usize,
}

impl Commit {
    /// Encodes a batch that is about to be written.
    pub fn of(batch: &Batch) -> Self {
        let mut runs: Vec<(&EventRow, &EventRow, Vec<&str>)> = Vec::new();
        for row in &batch.events {
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
        Commit {
            after: batch.events.first().map_or(batch.head, |row| row.position - 1),
            head: Head { position: batch.head, digest: batch.digest, next_job_no: batch.next_job_no },
            events: batch.events.len(),
            changed: batch.jobs.iter().map(Changed::from).collect(),
            bytes: frames.iter().map(|frame| frame.text.len() + 200).sum(),
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
pub struct Recent(RwLock<(VecDeque<Arc<Commit>>, usize)>);

impl Clone for Recent {
    fn clone(&self) -> Self {
        Recent(RwLock::new(self.0.read().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl Recent {
    /// Adds a commit that is on the disk. Call it before waking readers.
    pub fn publish(&self, commit: Commit) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (commits, bytes) = &mut *inner;
        *bytes += commit.bytes;
        commits.push_back(Arc::new(commit));
        while *bytes > BYTES
            && let Some(oldest) = commits.pop_front()
        {
            *bytes -= oldest.bytes;
        }
    }

    /// Whole commits with `after < position <= upto`, in order, until they hold `limit` events; `None` if the store
    /// must be asked, because they are no longer here or `after` lies within a commit.
    pub fn page(&self, after: Position, upto: Position, limit: usize) -> Option<Vec<Arc<Commit>>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let commits = &inner.0;
        let from = commits.partition_point(|commit| commit.after < after);
        let first = commits.get(from).filter(|commit| commit.after == after && commit.head.position <= upto)?;
        let mut events = first.events;
        let mut page = vec![Arc::clone(first)];
        for commit in commits.range(from + 1..) {
            if events >= limit || commit.head.position > upto {
                break;
            }
            events += commit.events;
            page.push(Arc::clone(commit));
        }
        Some(page)
    }

    /// Jobs with an event after this position, each once, as they are now; `None` if the store must be asked.
    pub fn changed(&self, after: Position) -> Option<Vec<Changed>> {
        let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let commits = &inner.0;
        commits.front().filter(|oldest| oldest.after <= after)?;
        let from = commits.partition_point(|commit| commit.head.position <= after);
        let mut jobs: Vec<Changed> = Vec::new();
        for changed in commits.range(from..).flat_map(|commit| &commit.changed) {
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
    fn only_whole_commits_from_the_boundary_of_one_are_given() {
        let recent = Recent::default();
        for (after, events) in [(10, 3), (13, 1), (14, 5)] {
            recent.publish(commit(after, events));
        }
        let heads = |after, upto, limit| {
            let page = recent.page(after, upto, limit)?;
            Some(page.iter().map(|commit| commit.head.position).collect::<Vec<_>>())
        };
        assert_eq!(heads(10, 19, 500), Some(vec![13, 14, 19]));
        assert_eq!(heads(10, 18, 500), Some(vec![13, 14]), "no further than was asked");
        assert_eq!(heads(10, 19, 2), Some(vec![13]), "a page is bounded");
        assert_eq!(heads(11, 19, 500), None, "within a commit");
        assert_eq!(heads(9, 19, 500), None, "no longer here");
        assert_eq!(heads(19, 19, 500), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let recent = Recent::default();
        for number in 0..40_000 {
            recent.publish(commit(number * 10, 10));
        }
        let (commits, bytes) = &*recent.0.read().expect("a lock");
        assert!(*bytes <= BYTES && commits.len() > 10_000, "{bytes} bytes in {} commits", commits.len());
    }
}
