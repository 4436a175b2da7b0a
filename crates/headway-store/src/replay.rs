//! Makes the rows of jobs from their events, page by page, using the functions of the live path. A job with an event
//! that cannot be folded gets no rows, and keeps no other job from getting its own.

use std::collections::BTreeMap;

use super::Head;
use crate::rows::{BadDetail, Batch, EventRow, Idle, JobKey};
use headway_model::Fold;
use headway_model::event::Recorded;
use headway_model::event_kind::EventKind;
use headway_model::fold::FoldError;
use headway_model::id::{JobId, Position};

/// Why the rows of a job cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// An event cannot be folded.
    #[error("the event at position {0} cannot be folded: {1}")]
    Fold(Position, FoldError),
    /// A detail does not match its event.
    #[error("at position {0}: {1}")]
    Detail(Position, BadDetail),
}

/// The jobs whose events are being read.
#[derive(Default)]
pub struct Replay {
    /// Jobs whose history was removed, and the position of their last event: only that one counts.
    pruned: BTreeMap<u64, Position>,
    live: BTreeMap<u64, (JobKey, Fold)>,
    /// Jobs whose rows cannot be made, and why.
    pub unreadable: BTreeMap<u64, (Option<JobId>, ReplayError)>,
}

impl Replay {
    /// Nothing has been read yet. `pruned` has the jobs whose history was removed, and the position of each one's last event.
    pub fn new(pruned: BTreeMap<u64, Position>) -> Self {
        Replay { pruned, ..Replay::default() }
    }

    /// How many jobs were read.
    pub fn jobs(&self) -> u64 {
        self.live.len() as u64
    }

    /// The rows that follow from the next events.
    pub fn page(&mut self, page: &[EventRow], head: Head) -> Batch {
        let Head { position: head, digest, next_job_no } = head;
        let mut batch = Batch { head, digest, next_job_no, ..Batch::default() };
        let mut touched = BTreeMap::new();
        for row in page {
            let is_kept = self.pruned.get(&row.job_no).is_none_or(|position| *position == row.position);
            if !is_kept || self.unreadable.contains_key(&row.job_no) {
                continue;
            }
            match self.event(row, &mut batch) {
                Ok(()) => drop(touched.insert(row.job_no, row.position)),
                Err(error) => {
                    let fold = self.live.remove(&row.job_no).map(|(_, fold)| fold.id);
                    self.unreadable.insert(row.job_no, (fold, error));
                    batch.planned.retain(|planned| planned.job_no != row.job_no);
                    batch.moved.retain(|(job_no, ..)| *job_no != row.job_no);
                }
            }
        }
        let made = touched
            .into_iter()
            .filter_map(|(job_no, position)| self.live.get(&job_no).map(|(key, fold)| key.row(fold, position)));
        batch.jobs.extend(made);
        // Leases are not part of the log.
        batch.leases.clear();
        batch
    }

    fn event(&mut self, row: &EventRow, batch: &mut Batch) -> Result<(), ReplayError> {
        let wrong = |error| ReplayError::Fold(row.position, error);
        let detail = |error| ReplayError::Detail(row.position, error);
        let recorded = Recorded::decode(&row.payload).map_err(|error| wrong(error.into()))?;
        let idle = self.live.get(&row.job_no).and_then(|(_, fold)| Idle::before(fold, &recorded.event));
        if let Some(left) = Fold::tombstone(&recorded, &row.payload) {
            let key = JobKey { job_no: row.job_no, created_position: row.position, ..JobKey::default() };
            self.live.insert(row.job_no, (key, left));
        } else if let Some((_, fold)) = self.live.get_mut(&row.job_no) {
            fold.apply_recorded(&recorded, &row.payload).map_err(wrong)?;
        } else {
            let fold = Fold::create_recorded(&recorded, &row.payload).map_err(wrong)?;
            let key = JobKey::of(row.job_no, row.position, &recorded.event, row.detail.as_deref());
            self.live.insert(row.job_no, (key.map_err(detail)?, fold));
        }
        let Some((_, fold)) = self.live.get(&row.job_no) else { return Ok(()) };
        batch.derive(row.job_no, idle.as_ref(), fold, &recorded, row.detail.as_deref()).map_err(detail)
    }
}

/// The position of an event that says that the history of its job is removed.
pub fn pruned_at(row: &EventRow) -> Option<(u64, Position)> {
    (EventKind::of_payload(&row.payload) == Some(EventKind::Pruned)).then_some((row.job_no, row.position))
}
