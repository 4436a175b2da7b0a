//! Rebuilds `jobs` and `items` from `events`, using the functions of the live path.

use std::collections::BTreeMap;

use super::{EventPages, Store, StoreError};
use crate::rows::{BadDetail, Batch, EventRow, Idle, JobKey};
use headway_model::Fold;
use headway_model::event::Recorded;
use headway_model::event_kind::EventKind;
use headway_model::fold::FoldError;
use headway_model::id::Position;

const PAGE: u32 = 1_000;

/// What a rebuild has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Number of events read.
    pub events: u64,
    /// Number of jobs rebuilt.
    pub jobs: u64,
}

/// Why the rows could not be rebuilt. The log is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log holds an event that cannot be folded.
    #[error("the event at position {position} cannot be folded: {error}")]
    Fold {
        /// The position.
        position: Position,
        /// Why.
        error: FoldError,
    },
    /// The log holds a detail that does not match its event.
    #[error("at position {position}: {error}")]
    Detail {
        /// The position.
        position: Position,
        /// Why.
        error: BadDetail,
    },
}

/// Deletes the derived rows and rebuilds them, page by page. `progress` is called with each position reached.
pub async fn rebuild(store: &dyn Store, mut progress: impl FnMut(Position)) -> Result<Rebuilt, RebuildError> {
    let head = store.head().await?;
    let pruned = pruned(store, head.position).await?;
    store.clear_rows().await?;
    let mut live: BTreeMap<u64, (JobKey, Fold)> = BTreeMap::new();
    let mut done = Rebuilt::default();
    let mut pages = EventPages::all(store, head.position, PAGE);
    while let Some(page) = pages.next().await? {
        let mut batch =
            Batch { head: head.position, digest: head.digest, next_job_no: head.next_job_no, ..Batch::default() };
        let mut touched = BTreeMap::new();
        // Of a pruned job, only the last event counts; any earlier ones left are ignored.
        let kept = |row: &&EventRow| pruned.get(&row.job_no).is_none_or(|position| *position == row.position);
        for row in page.iter().filter(kept) {
            let wrong = |error| RebuildError::Fold { position: row.position, error };
            let recorded = Recorded::decode(&row.payload).map_err(|error| wrong(error.into()))?;
            let idle = live.get(&row.job_no).and_then(|(_, fold)| Idle::before(fold, &recorded.event));
            if let Some(left) = Fold::tombstone(&recorded, &row.payload) {
                let key = JobKey { job_no: row.job_no, created_position: row.position, ..JobKey::default() };
                live.insert(row.job_no, (key, left));
                done.jobs += 1;
            } else if let Some((_, fold)) = live.get_mut(&row.job_no) {
                fold.apply_recorded(&recorded, &row.payload).map_err(wrong)?;
            } else {
                let fold = Fold::create_recorded(&recorded, &row.payload).map_err(wrong)?;
                let key = JobKey::of(row.job_no, row.position, &recorded.event, row.detail.as_deref())
                    .map_err(|error| RebuildError::Detail { position: row.position, error })?;
                live.insert(row.job_no, (key, fold));
                done.jobs += 1;
            }
            if let Some((_, fold)) = live.get(&row.job_no) {
                batch
                    .derive(row.job_no, idle.as_ref(), fold, &recorded, row.detail.as_deref())
                    .map_err(|error| RebuildError::Detail { position: row.position, error })?;
            }
            touched.insert(row.job_no, row.position);
            done.events += 1;
        }
        for (job_no, position) in touched {
            if let Some((key, fold)) = live.get(&job_no) {
                batch.jobs.push(key.row(fold, position));
            }
        }
        // Leases are not part of the log.
        batch.leases.clear();
        store.commit(batch).await?;
        // The fold of a job that is over stays: it is needed only for pruning, and is small by now.
        progress(pages.position());
    }
    Ok(done)
}

/// Jobs whose history was removed or is being removed: the store's number of each, and the position of its last event.
pub async fn pruned(store: &dyn Store, head: Position) -> Result<BTreeMap<u64, Position>, StoreError> {
    let mut pruned = BTreeMap::new();
    let mut pages = EventPages::all(store, head, PAGE);
    while let Some(page) = pages.next().await? {
        let found = page.iter().filter(|row| EventKind::of_payload(&row.payload) == Some(EventKind::Pruned));
        pruned.extend(found.map(|row| (row.job_no, row.position)));
    }
    Ok(pruned)
}
