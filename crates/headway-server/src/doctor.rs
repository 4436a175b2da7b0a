//! Checks a data folder for consistency: no event missing, every digest right, every row as it follows from its events.
//!
//! The log is read once from its beginning, with the folds of live jobs in memory.

mod events;
mod finding;
mod job_files;
mod places;
mod rows;
mod strays;
mod stuck;

use std::collections::{BTreeMap, BTreeSet};

pub use finding::Finding;
pub(crate) use finding::{Diagnosis, Remedy};
pub(crate) use job_files::LibraryNow;
pub(crate) use places::{PlacedFiles, look_at_places, might_be_the_only_copy};
pub(crate) use strays::{Stray, strays};
pub(crate) use stuck::{OpenWork, open_work};

use headway_model::id::{JobId, Position};
use headway_model::{Digest, Fold};
use headway_store::rows::JobKey;
use headway_store::{EventPages, Store, StoreError, pruned};

const ROWS_PER_READ: u32 = 1_000;

/// The most findings that are listed.
const LISTED: usize = 50;

/// A job while its events are being read.
struct Audit {
    job: JobId,
    fold: Fold,
    /// What its row has besides the fold.
    key: JobKey,
    /// The position of its last event.
    last: Position,
    /// What its item rows must be, in the order of items: hashes of the file and of the state.
    items: Vec<(Digest, Digest)>,
}

struct Doctor<'a> {
    store: &'a dyn Store,
    done: Diagnosis,
    live: BTreeMap<u64, Audit>,
    /// Jobs whose history was removed or is being removed, and the position of their `pruned` event.
    pruned: BTreeMap<u64, Position>,
    seen: BTreeSet<u64>,
    /// Jobs that have events.
    with_events: BTreeSet<u64>,
    /// Jobs with a damaged event: nothing that follows from it is known.
    damaged: BTreeSet<u64>,
    /// Jobs that are set aside.
    aside: BTreeSet<u64>,
    position: Position,
    digest: Option<Digest>,
}

/// Checks everything. `progress` is called with the position reached.
pub(crate) async fn inspect(store: &dyn Store, mut progress: impl FnMut(Position)) -> Result<Diagnosis, StoreError> {
    let head = store.head().await?;
    let mut doctor = Doctor {
        store,
        done: Diagnosis::default(),
        live: BTreeMap::new(),
        pruned: pruned(store, head.position).await?,
        seen: BTreeSet::new(),
        with_events: BTreeSet::new(),
        damaged: BTreeSet::new(),
        aside: store.aside().await?.into_iter().map(|aside| aside.job_no).collect(),
        position: 0,
        digest: None,
    };
    let mut pages = EventPages::all(store, head.position, ROWS_PER_READ);
    while let Some(page) = pages.next().await? {
        for row in &page {
            doctor.event(row).await?;
        }
        progress(pages.position());
    }
    if doctor.position != head.position || doctor.digest != head.digest {
        let what =
            format!("the stored head of the log is {}, but its last event is at {}", head.position, doctor.position);
        doctor.find(Remedy::Restore, what);
    }
    doctor.behind(head.position).await?;
    for (job_no, audit) in std::mem::take(&mut doctor.live) {
        doctor.rows(job_no, audit).await?;
    }
    let without_events = doctor.without_events().await;
    doctor.or_damaged(without_events)?;
    let leases = doctor.leases().await;
    doctor.or_damaged(leases)?;
    Ok(doctor.done)
}

impl Doctor<'_> {
    fn find(&mut self, remedy: Remedy, what: String) {
        let finding = Finding { what, remedy };
        if self.done.findings.len() < LISTED && !self.done.findings.contains(&finding) {
            self.done.findings.push(finding);
        }
    }
}
