//! Rebuilds `jobs` and `items` from `events`.

use std::collections::BTreeMap;

use super::replay::{Replay, pruned_at};
use super::{EventPages, SetAside, Store, StoreError};
use headway_model::id::Position;

const EVENTS_PER_READ: u32 = 1_000;

/// What a rebuild has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Number of events read.
    pub events: u64,
    /// Number of jobs rebuilt.
    pub jobs: u64,
    /// Jobs whose events cannot be read. They have no rows.
    pub aside: Vec<SetAside>,
}

/// Deletes the derived rows and rebuilds them, page by page. `progress` is called with each position reached. A job whose
/// events cannot be read is set aside.
///
/// # Errors
/// If the store fails. The log is untouched.
pub async fn rebuild(store: &dyn Store, mut progress: impl FnMut(Position)) -> Result<Rebuilt, StoreError> {
    let head = store.head().await?;
    let mut replay = Replay::new(pruned(store, head.position).await?);
    store.clear_rows().await?;
    let mut done = Rebuilt::default();
    let mut pages = EventPages::all(store, head.position, EVENTS_PER_READ);
    while let Some(page) = pages.next().await? {
        done.events += page.len() as u64;
        store.commit(replay.page(&page, head)).await?;
        // The fold of a job that is over stays: it is needed only for pruning, and is small by now.
        progress(pages.position());
    }
    done.jobs = replay.jobs();
    for (job_no, (job, error)) in replay.unreadable {
        let aside = SetAside { job_no, job, why: error.to_string() };
        store.set_aside(&aside).await?;
        done.aside.push(aside);
    }
    Ok(done)
}

/// Jobs whose history was removed or is being removed: the store's number of each, and the position of its last event.
pub async fn pruned(store: &dyn Store, head: Position) -> Result<BTreeMap<u64, Position>, StoreError> {
    let mut pruned = BTreeMap::new();
    let mut pages = EventPages::all(store, head, EVENTS_PER_READ);
    while let Some(page) = pages.next().await? {
        pruned.extend(page.iter().filter_map(pruned_at));
    }
    Ok(pruned)
}
