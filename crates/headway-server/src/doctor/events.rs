//! The log, event by event: numbers, details and digests, and what the rows of each job must be.

use super::rows::{is_of, of_file, of_state};
use super::{Audit, Doctor, Remedy};
use headway_model::Digest;
use headway_model::Fold;
use headway_model::event::{Recorded, UnknownEvent};
use headway_model::fold::FoldError;
use headway_model::id::{Position, Seq};
use headway_store::StoreError;
use headway_store::rows::{BadDetail, Batch, EventRow, Idle, JobKey, JobRow};

/// What is wrong with an event. The text continues "the event at 7 ...".
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] UnknownEvent),
    #[error("says that it is number {payload}, its row says {row}")]
    Number { payload: Seq, row: Seq },
    #[error("has a detail that does not match its payload")]
    Detail,
    #[error("does not fit: {0}")]
    Misfit(#[from] FoldError),
    #[error("breaks the chain: its digest does not match")]
    Chain,
    #[error("{0}")]
    Rows(#[from] BadDetail),
}

impl Doctor<'_> {
    pub(super) async fn event(&mut self, row: &EventRow) -> Result<(), StoreError> {
        // Positions go missing when a job's history is removed; its `pruned` event then follows further on.
        let gap = row.position != self.position + 1;
        if gap && self.pruned.values().all(|pruned| *pruned < row.position) {
            let what = format!("events between positions {} and {} are missing", self.position, row.position);
            self.find(Remedy::Restore, what);
        }
        (self.position, self.digest) = (row.position, Some(row.digest));
        self.done.events += 1;
        self.with_events.insert(row.job_no);
        match self.pruned.get(&row.job_no) {
            Some(last) if *last != row.position => return Ok(()),
            Some(_) => return self.tombstone(row).await,
            None => {}
        }
        // The fault has been reported.
        if self.damaged.contains(&row.job_no) {
            return Ok(());
        }
        if self.seen.contains(&row.job_no) {
            let job = self.job_of(row);
            let what = format!("the event at {}{job} comes after the last event of its job", row.position);
            self.find(Remedy::Restore, what);
            return Ok(());
        }
        let audited = self.fold(row);
        match audited {
            Err(damage) => {
                let job = self.job_of(row);
                self.find(Remedy::Restore, format!("the event at {}{job} {damage}", row.position));
                self.damaged.insert(row.job_no);
                self.live.remove(&row.job_no);
            }
            Ok(true) => {
                if let Some(audit) = self.live.remove(&row.job_no) {
                    self.seen.insert(row.job_no);
                    self.rows(row.job_no, audit).await?;
                }
            }
            Ok(false) => {}
        }
        Ok(())
    }

    /// The job of an event, if it is known, as in "the event at 7 of job X".
    fn job_of(&self, row: &EventRow) -> String {
        let folded = self.live.get(&row.job_no).map(|audit| audit.job);
        let job = folded.or(Some(row.job).filter(|job| *job != EventRow::unknown_job()));
        job.map(|job| format!(" of job {job}")).unwrap_or_default()
    }

    /// Looks for events behind the head of the log, where none can be while no server runs.
    pub(super) async fn behind(&mut self, head: Position) -> Result<(), StoreError> {
        const LAST: Position = Position::MAX >> 1;
        for row in self.store.events(&[], head, LAST, 1).await? {
            let job = self.job_of(&row);
            let what =
                format!("the event at {}{job} lies behind the head of the log, which is at {head}", row.position);
            self.find(Remedy::Restore, what);
        }
        Ok(())
    }

    /// Folds one event; returns whether its job has ended.
    fn fold(&mut self, row: &EventRow) -> Result<bool, Damage> {
        let recorded = Recorded::decode(&row.payload)?;
        if recorded.seq != row.seq {
            return Err(Damage::Number { payload: recorded.seq, row: row.seq });
        }
        if row.detail.as_ref().map(|detail| Digest::of(detail.as_bytes())) != recorded.event.detail() {
            return Err(Damage::Detail);
        }
        let audit = self.live.get_mut(&row.job_no);
        let idle = audit.as_ref().and_then(|audit| Idle::before(&audit.fold, &recorded.event));
        let audit = match audit {
            Some(audit) => {
                audit.fold.apply_recorded(&recorded, &row.payload)?;
                audit
            }
            None => {
                let fold = Fold::create_recorded(&recorded, &row.payload)?;
                // A rebuild cannot make this job's row without its request.
                let key = JobKey::of(row.job_no, row.position, &recorded.event, row.detail.as_deref())?;
                self.done.jobs += 1;
                self.live.entry(row.job_no).or_insert(Audit { job: fold.id, fold, key, last: 0, items: Vec::new() })
            }
        };
        if audit.fold.digest != row.digest {
            return Err(Damage::Chain);
        }
        audit.last = row.position;
        let mut batch = Batch::default();
        batch.derive(row.job_no, idle.as_ref(), &audit.fold, &recorded, row.detail.as_deref())?;
        audit.items.extend(batch.planned.iter().map(|item| (of_file(&item.file), of_state(&item.state))));
        for (_, item, state) in batch.moved {
            if let Some((_, recorded_state)) = audit.items.get_mut(item as usize) {
                *recorded_state = of_state(&state);
            }
        }
        Ok(audit.fold.status.is_terminal())
    }

    async fn tombstone(&mut self, row: &EventRow) -> Result<(), StoreError> {
        self.done.pruned += 1;
        let left = Recorded::decode(&row.payload).ok().and_then(|recorded| Fold::tombstone(&recorded, &row.payload));
        let Some(left) = left.filter(|left| left.digest == row.digest && left.seq == row.seq) else {
            let job = self.job_of(row);
            let what = format!(
                "the event at {}{job} says that a history was removed, but does not match the chain",
                row.position
            );
            self.find(Remedy::Restore, what);
            return Ok(());
        };
        let stored = self.store.job(left.id).await;
        let compared = stored.map(|stored| {
            // What was removed with its history is not known: the library, the work, the first position.
            let is = |stored: &JobRow| is_of(&left, row.job_no, stored);
            self.head(left.id, left.seq, stored.as_ref().is_some_and(is));
        });
        self.or_damaged(compared)
    }
}
