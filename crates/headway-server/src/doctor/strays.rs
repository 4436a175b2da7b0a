//! Finds files of Headway's own in a library that no live job owns: attempts left them while the library was missing, or
//! when a server ended.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::engine::input_of;
use crate::placements::{Changes, ReadError};
use headway_files::{Change, Maker, OwnName};
use headway_model::{JobId, PlannedFile, RelPath};
use headway_store::rows::JobRow;
use headway_store::{Store, StoreError};

/// One of Headway's own names, as a rule one that no live job owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// The name.
    pub(crate) own: OwnName,
    /// Whether a live job owns it: then it is of interest only if `input` might be in it.
    pub(crate) is_owned: bool,
    /// The file of the item whose attempt made it.
    pub(crate) input: Option<PlannedFile>,
    /// Why a person must look at it first; `None` if it can be removed.
    pub(crate) kept: Option<&'static str>,
}

/// What is known about the job that some names belong to.
enum Owner {
    /// It is not over.
    Live { job_no: u64 },
    /// It is over, and these files might be originals.
    Over { job_no: u64, kept: HashSet<RelPath> },
    /// It is not known whether the files are originals, for this reason.
    NotKnown(&'static str),
}

/// Lists Headway's own names in a library. No server must use the log meanwhile.
pub(crate) async fn strays(
    store: &dyn Store,
    library_names: &[String],
    names: Vec<OwnName>,
) -> Result<Vec<Stray>, StoreError> {
    let (mut owners, mut strays) = (HashMap::<JobId, Owner>::new(), Vec::new());
    for own in names {
        let (mut input, mut is_owned) = (None, false);
        let kept = match own.maker {
            // Emptying begins with the decision that nothing of the trash is kept.
            Maker::Probe | Maker::Folder | Maker::Emptying(_) => None,
            Maker::Unknown => Some("this version makes no such name"),
            Maker::Attempt { job, item } => {
                let owner = match owners.entry(job) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(owner(store, library_names, job).await?),
                };
                match owner {
                    Owner::Live { job_no } => {
                        is_owned = true;
                        input = input_at(store, *job_no, item).await?;
                        None
                    }
                    Owner::Over { kept, .. } if kept.contains(&own.path) => Some(
                        "it might be an original: its placing did not end well, and the job's page says what lies where",
                    ),
                    Owner::Over { job_no, .. } => {
                        input = input_at(store, *job_no, item).await?;
                        None
                    }
                    Owner::NotKnown(why) => Some(*why),
                }
            }
        };
        strays.push(Stray { own, is_owned, input, kept });
    }
    Ok(strays)
}

/// The file of an item, if a program can have moved it away.
async fn input_at(store: &dyn Store, job_no: u64, item: u32) -> Result<Option<PlannedFile>, StoreError> {
    Ok(store.items_at(job_no, &[item]).await?.into_iter().next().and_then(input_of))
}

async fn owner(store: &dyn Store, names: &[String], job: JobId) -> Result<Owner, StoreError> {
    if store.aside().await?.iter().any(|aside| aside.job == Some(job)) {
        return Ok(Owner::NotKnown("the log of its job cannot be read, so it might be an original"));
    }
    let row = match store.job(job).await {
        Err(error) if error.is_damaged_row() => {
            return Ok(Owner::NotKnown("the row of its job cannot be read, so it might be an original"));
        }
        row => row?,
    };
    let Some(row) = row else {
        return Ok(Owner::NotKnown("this log does not know its job: another server might own it"));
    };
    if row.summary.pruned {
        return Ok(Owner::NotKnown("the history of its job was removed, so it might be an original"));
    }
    if !names.contains(&row.library) {
        return Ok(Owner::NotKnown("its job belongs to a library of another name"));
    }
    match row.summary.status.is_terminal() {
        true => match unplaced(store, &row).await {
            Ok(kept) => Ok(Owner::Over { job_no: row.job_no, kept }),
            Err(ReadError::Store(error)) => Err(error),
            Err(ReadError::Event { .. } | ReadError::Change { .. }) => {
                Ok(Owner::NotKnown("an event of its job cannot be read, so it might be an original"))
            }
        },
        false => Ok(Owner::Live { job_no: row.job_no }),
    }
}

/// The temporary files of those changes of a job whose progress is not known.
async fn unplaced(store: &dyn Store, row: &JobRow) -> Result<HashSet<RelPath>, ReadError> {
    let changes = Changes::read(store, row.job_no).await?;
    Ok(changes.open.values().filter_map(Change::temp).collect())
}
