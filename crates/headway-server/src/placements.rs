//! The changes that a job made on the disk, according to its log.

use std::collections::{BTreeMap, HashMap, HashSet};

use headway_files::{BadChange, Change};
use headway_model::event::{JobEvent, Recorded, UnknownEvent};
use headway_model::event_kind::{ChangeStep, EventKind};
use headway_model::id::Position;
use headway_model::item::ItemLabel;
use headway_model::{FailReason, ItemStatus, JobId, RelPath};
use headway_recipes::Unable;
use headway_store::{EventPages, ItemPages, JobFilter, Store, StoreError};

/// Events read at a time.
const EVENTS_PER_READ: u32 = 2_000;

/// Items read at a time.
const ITEMS_PER_READ: u32 = 1_000;

/// Why a job's events could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event makes no sense.
    #[error("the event at position {position} cannot be read: {error}")]
    Event {
        /// Its position.
        position: Position,
        /// Why.
        error: UnknownEvent,
    },
    /// An event announces a change that makes no sense.
    #[error("the event at position {position} cannot be read: {error}")]
    Change {
        /// Its position.
        position: Position,
        /// Why.
        error: BadChange,
    },
}

impl From<ReadError> for Unable {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Event { .. } | ReadError::Change { .. } => Unable::Failed(error.to_string()),
        }
    }
}

/// Calls `visit` with each of a job's events of the kinds that `concerns` selects, in order.
pub(crate) async fn each_event(
    store: &dyn Store,
    job_no: u64,
    concerns: impl Fn(EventKind) -> bool,
    mut visit: impl FnMut(JobEvent) -> Result<(), BadChange>,
) -> Result<(), ReadError> {
    let head = store.head().await?.position;
    let mut pages = EventPages::of_job(store, job_no, head, EVENTS_PER_READ);
    while let Some(rows) = pages.next().await? {
        for row in rows {
            // An event of no known kind might be one of those, so reading it has to fail.
            if EventKind::of_payload(&row.payload).is_none_or(&concerns) {
                let position = row.position;
                let recorded = Recorded::decode(&row.payload).map_err(|error| ReadError::Event { position, error })?;
                visit(recorded.event).map_err(|error| ReadError::Change { position, error })?;
            }
        }
    }
    Ok(())
}

/// What became of the changes that a job's attempts announced.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Those that are neither made nor taken back as far as the log knows, by item and attempt.
    pub(crate) open: BTreeMap<(u32, u32), Change>,
    /// Those that are made, by item.
    pub(crate) made: BTreeMap<u32, Change>,
}

impl Changes {
    /// Reads what became of each change of a job.
    pub(crate) async fn read(store: &dyn Store, job_no: u64) -> Result<Changes, ReadError> {
        let mut changes = Changes::default();
        each_event(store, job_no, EventKind::concerns_change, |event| changes.follow(&event)).await?;
        Ok(changes)
    }

    /// Takes in what an event says about the change of its attempt.
    pub(crate) fn follow(&mut self, event: &JobEvent) -> Result<(), BadChange> {
        let (Some(step), Some((item, Some(attempt)))) = (event.change_step(), event.item()) else {
            return Ok(());
        };
        match step {
            ChangeStep::Announced => {
                self.open.extend(Change::of(event)?.map(|(item, attempt, change)| ((item, attempt), change)));
            }
            // A change that an attempt took back does not belong to a later attempt's success.
            ChangeStep::Made => self.made.extend(self.open.remove(&(item, attempt)).map(|change| (item, change))),
            ChangeStep::TakenBack => drop(self.open.remove(&(item, attempt))),
        }
        Ok(())
    }
}

/// An item of a job that is over, of whose change the log does not say how far it got.
#[derive(Debug)]
pub(crate) struct UnclearItem {
    pub(crate) item: u32,
    pub(crate) path: RelPath,
    /// The change; `None` if it is not in the log.
    pub(crate) change: Option<Change>,
}

/// The items of a job that it might have left half-changed. Takes their changes out of `open`.
pub(crate) async fn unclear(
    store: &dyn Store,
    job_no: u64,
    open: &mut BTreeMap<(u32, u32), Change>,
) -> Result<Vec<UnclearItem>, StoreError> {
    let mut unclear = Vec::new();
    let mut pages = ItemPages::new(store, job_no, ITEMS_PER_READ).with_status(Some(ItemLabel::Failed));
    while let Some(rows) = pages.next().await? {
        for row in rows {
            let change = open.remove(&(row.item, row.state.attempt));
            if change.is_some() || row.state.status == ItemStatus::Failed(FailReason::Conflict) {
                unclear.push(UnclearItem { item: row.item, path: row.file.path, change });
            }
        }
    }
    Ok(unclear)
}

/// The files that undos of a job have put back, without those of the undo `besides`. An undo that was undone itself does not count.
pub(crate) async fn put_back(
    store: &dyn Store,
    job: JobId,
    besides: Option<JobId>,
) -> Result<HashSet<RelPath>, StoreError> {
    Ok(put_back_by(store, job, besides).await?.into_keys().collect())
}

/// The same, each with the store's number for the last undo that did so.
async fn put_back_by(
    store: &dyn Store,
    job: JobId,
    besides: Option<JobId>,
) -> Result<HashMap<RelPath, u64>, StoreError> {
    let mut paths = HashMap::new();
    // Newest first.
    for undo in store.jobs(JobFilter::Undoing(job), u32::MAX).await? {
        let id = undo.summary.job;
        let undone = store.jobs(JobFilter::Undoing(id), u32::MAX).await?;
        if Some(id) == besides || undone.iter().any(|undone| undone.summary.counters.succeeded > 0) {
            continue;
        }
        let mut pages = ItemPages::new(store, undo.job_no, ITEMS_PER_READ).with_status(Some(ItemLabel::Succeeded));
        while let Some(rows) = pages.next().await? {
            for row in rows {
                paths.entry(row.file.path).or_insert(undo.job_no);
            }
        }
    }
    Ok(paths)
}

/// The files of a job, by their names in its plan, whose change an undo has put back, each with the store's number for that undo. The
/// undo can know the file by another name: it takes away an output that lies beside its original.
pub(crate) async fn undone_files(
    store: &dyn Store,
    job: JobId,
    job_no: u64,
) -> Result<HashMap<RelPath, u64>, ReadError> {
    let put_back = put_back_by(store, job, None).await?;
    if put_back.is_empty() {
        return Ok(HashMap::new());
    }
    let made = Changes::read(store, job_no).await?.made;
    let by = |item: u32| put_back.get(&made.get(&item)?.path()).copied();
    let mut files = HashMap::new();
    let mut pages = ItemPages::new(store, job_no, ITEMS_PER_READ).with_status(Some(ItemLabel::Succeeded));
    while let Some(rows) = pages.next().await? {
        files.extend(rows.into_iter().filter_map(|row| by(row.item).map(|by| (row.file.path, by))));
    }
    Ok(files)
}

/// The items of a job whose change an undo has put back.
pub(crate) async fn undone_items(store: &dyn Store, job: JobId, job_no: u64) -> Result<HashSet<u32>, ReadError> {
    let put_back = put_back(store, job, None).await?;
    if put_back.is_empty() {
        return Ok(HashSet::new());
    }
    let made = Changes::read(store, job_no).await?.made;
    Ok(made.into_iter().filter(|(_, change)| put_back.contains(&change.path())).map(|(item, _)| item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use headway_model::testing::job_id;
    use headway_model::{Digest, DiskEffect, FailReason, SkipReason};
    use headway_store::MemoryStore;
    use headway_store::rows::{Batch, EventRow};

    #[test]
    fn a_success_makes_only_the_change_that_its_own_attempt_announced() {
        let announced = |attempt| JobEvent::Placing {
            item: 3,
            attempt,
            temp: format!("temp-{attempt}"),
            target: "a.flac".into(),
            trash: None,
            old: None,
            new: Digest([1; 16]),
        };
        let succeeded = |attempt| JobEvent::Succeeded { item: 3, attempt, effect: DiskEffect::Created, detail: None };
        let after = |events: &[JobEvent]| {
            let mut changes = Changes::default();
            events.iter().for_each(|event| changes.follow(event).expect("a change that can be read"));
            let keys = |of: &BTreeMap<(u32, u32), Change>| of.keys().copied().collect::<Vec<_>>();
            (keys(&changes.open), changes.made.into_keys().collect::<Vec<_>>())
        };
        let failed = |reason| JobEvent::Failed { item: 3, attempt: 1, reason, message: String::new(), detail: None };
        let skipped = JobEvent::Skipped { item: 3, attempt: 1, reason: SkipReason::Collision };
        for taken_back in [failed(FailReason::Write), skipped] {
            assert_eq!(after(&[announced(1), taken_back]), (vec![], vec![]));
        }
        for unclear in [FailReason::Conflict, FailReason::Panic, FailReason::Timeout] {
            assert_eq!(after(&[announced(1), failed(unclear)]), (vec![(3, 1)], vec![]));
        }
        let returned = JobEvent::Returned { item: 3, attempt: 1 };
        assert_eq!(after(&[announced(1)]), (vec![(3, 1)], vec![]));
        assert_eq!(after(&[announced(1), succeeded(1)]), (vec![], vec![3]));
        assert_eq!(after(&[announced(1), returned, succeeded(2)]), (vec![], vec![]));
        assert_eq!(after(&[announced(1), succeeded(2)]), (vec![(3, 1)], vec![]));
    }

    #[test]
    fn an_unreadable_event_is_an_error() {
        let placing = JobEvent::Placing {
            item: 3,
            attempt: 1,
            temp: "temp".into(),
            target: "/b".into(),
            trash: None,
            old: None,
            new: Digest([1; 16]),
        };
        let read = |payload: String| {
            let (store, digest) = (MemoryStore::new(), Digest([0; 16]));
            let row = EventRow { position: 1, job_no: 1, job: job_id(1), seq: 1, payload, detail: None, digest };
            let batch = Batch { head: 1, next_job_no: 2, events: vec![row], ..Batch::default() };
            store.commit(batch).now_or_never().expect("it does not wait").expect("a store");
            Changes::read(&store, 1).now_or_never().expect("it does not wait").map(|changes| changes.open.len())
        };
        let recorded = |event| Recorded { seq: 1, at: 1, event }.encode();
        assert!(matches!(read(recorded(JobEvent::Began {})), Ok(0)));
        assert!(matches!(read(recorded(placing)), Err(ReadError::Change { position: 1, .. })));
        assert!(matches!(read("{".into()), Err(ReadError::Event { position: 1, .. })));
    }
}
