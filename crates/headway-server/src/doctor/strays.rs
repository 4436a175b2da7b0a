//! Names of Headway's own in a library that nobody owns any more: what attempts left while the library was away, or when a server ended.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use headway_files::{Library, Maker, OwnName, Placement};
use headway_model::event::{JobEvent, Recorded};
use headway_model::event_kind::EventKind;
use headway_model::{JobId, RelPath};
use headway_store::rows::JobRow;
use headway_store::{Store, StoreError};

const PAGE: u32 = 2_000;

/// A name of Headway's own that no live job owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// It.
    pub(crate) own: OwnName,
    /// Why it must be looked at by a person first; `None` if it can be removed.
    pub(crate) kept: Option<&'static str>,
}

/// What is known of the job of some names.
enum Owner {
    /// It is not over.
    Live,
    /// It is over, and these might hold originals.
    Over(HashSet<RelPath>),
    /// Whether they hold originals is not known: why.
    NotKnown(&'static str),
}

/// Tells which names of a library no live job owns. No server must use the log.
pub(crate) async fn strays(
    store: &dyn Store,
    library: &Library,
    names: Vec<OwnName>,
) -> Result<Vec<Stray>, StoreError> {
    let (mut owners, mut strays) = (HashMap::<JobId, Owner>::new(), Vec::new());
    for own in names {
        let kept = match own.maker {
            Maker::Probe => None,
            Maker::Unknown => Some("this version makes no such name"),
            Maker::Attempt(job) => {
                let owner = match owners.entry(job) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(owner(store, library, job).await?),
                };
                match owner {
                    Owner::Live => continue,
                    Owner::Over(held) if held.contains(&own.path) => Some(
                        "it might be an original: its placing did not end well, and the job's page says what lies where",
                    ),
                    Owner::Over(_) => None,
                    Owner::NotKnown(why) => Some(*why),
                }
            }
        };
        strays.push(Stray { own, kept });
    }
    Ok(strays)
}

async fn owner(store: &dyn Store, library: &Library, job: JobId) -> Result<Owner, StoreError> {
    let Some(row) = store.job(job).await? else {
        return Ok(Owner::NotKnown("this log does not know its job: another server may own it"));
    };
    if row.summary.pruned {
        return Ok(Owner::NotKnown("the history of its job was removed, so it might be an original"));
    }
    if row.library != library.name {
        return Ok(Owner::NotKnown("its job belongs to a library of another name"));
    }
    match row.summary.status.is_terminal() {
        true => Ok(Owner::Over(unplaced(store, &row).await?)),
        false => Ok(Owner::Live),
    }
}

/// The temporary files of placings of a job that did not end in a success.
async fn unplaced(store: &dyn Store, row: &JobRow) -> Result<HashSet<RelPath>, StoreError> {
    let head = store.head().await?.position;
    let (mut open, mut after) = (HashMap::new(), 0);
    loop {
        let page = store.events(&[row.job_no], after, head, PAGE).await?;
        let Some(last) = page.last() else { return Ok(open.into_values().collect()) };
        after = last.position;
        for event in &page {
            let is_placing = |kind| matches!(kind, EventKind::Placing | EventKind::Succeeded);
            if !EventKind::of_payload(&event.payload).is_some_and(is_placing) {
                continue;
            }
            let Ok(recorded) = Recorded::decode(&event.payload) else { continue };
            match &recorded.event {
                JobEvent::Placing { item, attempt, .. } => {
                    let placement = Placement::of(&recorded.event);
                    placement.into_iter().for_each(|placed| drop(open.insert((*item, *attempt), placed.temp)));
                }
                JobEvent::Succeeded { item, attempt, .. } => drop(open.remove(&(*item, *attempt))),
                _ => {}
            }
        }
    }
}
