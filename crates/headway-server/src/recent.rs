//! The newest commits as they go out on the wire: every frame is encoded once and shared by all readers.
//!
//! This is a cache of the log, not a queue: it waits for no reader, and a reader that needs older commits reads the store.

mod commit;

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::RwLock;

pub(crate) use commit::{Changed, Commit, CommitPart};
use headway_model::id::Position;

/// The most bytes of frames to keep.
const LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// The newest commits.
#[derive(Debug, Default)]
pub(crate) struct Recent(RwLock<(VecDeque<Arc<CommitPart>>, usize)>);

impl Clone for Recent {
    fn clone(&self) -> Self {
        Recent(RwLock::new(self.0.read().clone()))
    }
}

impl Recent {
    /// Adds a commit that is on the disk. Call this before waking readers.
    pub(crate) fn publish(&self, commit: Commit) {
        let mut inner = self.0.write();
        let (parts, bytes) = &mut *inner;
        for part in commit.parts {
            *bytes += part.bytes;
            parts.push_back(Arc::new(part));
        }
        while *bytes > LIMIT_BYTES
            && let Some(oldest) = parts.pop_front()
        {
            *bytes -= oldest.bytes;
        }
    }

    /// Whole parts with `after < position <= up_to`, in order, until they hold `limit` events. `None` if the store must be read,
    /// because the parts are no longer here or `after` lies within a part.
    pub(crate) fn page(&self, after: Position, up_to: Position, limit: usize) -> Option<Vec<Arc<CommitPart>>> {
        let inner = self.0.read();
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
    pub(crate) fn changed(&self, after: Position) -> Option<Vec<Changed>> {
        let inner = self.0.read();
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
    use headway_model::Digest;
    use headway_model::id::JobId;
    use headway_store::rows::{Batch, EventRow};

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
        assert_eq!(heads(10, 19, 2), Some(vec![13]), "a page is limited");
        assert_eq!(heads(11, 19, 500), None, "within a part");
        assert_eq!(heads(9, 19, 500), None, "no longer here");
        assert_eq!(heads(19, 19, 500), None);
    }

    #[test]
    fn the_kept_output_is_limited() {
        let recent = Recent::default();
        for number in 0..40_000 {
            recent.publish(commit(number * 10, 10));
        }
        let (parts, bytes) = &*recent.0.read();
        assert!(*bytes <= LIMIT_BYTES && parts.len() > 10_000, "{bytes} bytes in {} parts", parts.len());
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
