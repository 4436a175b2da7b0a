//! What a job changed on the disk, as its log has it.

use std::collections::BTreeMap;

use headway_files::Change;
use headway_model::event::{JobEvent, Recorded, UnknownEvent};
use headway_model::event_kind::EventKind;
use headway_model::id::Position;
use headway_recipes::Unable;
use headway_store::{EventPages, Store, StoreError};

/// Events read at a time.
const PAGE: u32 = 2_000;

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
}

impl From<ReadError> for Unable {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Event { .. } => Unable::Failed(error.to_string()),
        }
    }
}

/// Calls `visit` with each of a job's events of these kinds, in order.
pub(crate) async fn each_event(
    store: &dyn Store,
    job_no: u64,
    kinds: &[EventKind],
    mut visit: impl FnMut(JobEvent),
) -> Result<(), ReadError> {
    let head = store.head().await?.position;
    let mut pages = EventPages::of_job(store, job_no, head, PAGE);
    while let Some(rows) = pages.next().await? {
        for row in rows {
            if EventKind::of_payload(&row.payload).is_some_and(|kind| kinds.contains(&kind)) {
                let recorded = Recorded::decode(&row.payload);
                visit(recorded.map_err(|error| ReadError::Event { position: row.position, error })?.event);
            }
        }
    }
    Ok(())
}

/// The changes of a job that succeeded, in the order of its items.
pub(crate) async fn changes(store: &dyn Store, job_no: u64) -> Result<Vec<Change>, ReadError> {
    let (mut open, mut made) = (BTreeMap::new(), BTreeMap::new());
    let kinds = [EventKind::Placing, EventKind::Changing, EventKind::Succeeded];
    each_event(store, job_no, &kinds, |event| match &event {
        JobEvent::Placing { .. } | JobEvent::Changing { .. } => {
            if let Some((item, attempt, change)) = Change::of(&event) {
                open.insert(item, (attempt, change));
            }
        }
        // A change that an attempt took back does not belong to a later attempt's success.
        JobEvent::Succeeded { item, attempt, .. } => {
            if let Some((_, change)) = open.remove(item).filter(|(changing, _)| changing == attempt) {
                made.insert(*item, change);
            }
        }
        _ => {}
    })
    .await?;
    Ok(made.into_values().collect())
}
