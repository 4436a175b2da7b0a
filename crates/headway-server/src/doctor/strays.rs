//! Finds files of Headway's own in a library that no live job owns: attempts left them while the library was missing, or
//! when a server ended.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::job_files::{JobFiles, LibraryNow};
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

impl Stray {
    /// A name that can be removed, unless it is kept for this reason.
    fn new(own: OwnName, kept: Option<&'static str>) -> Self {
        Stray { own, is_owned: false, input: None, kept }
    }
}

/// What is known about the job that some names belong to.
enum Owner<'a> {
    /// It is not over.
    Live { job_no: u64, files: JobFiles<'a> },
    /// It is over, and these files, by its own paths, might be originals.
    Over { job_no: u64, files: JobFiles<'a>, kept: HashSet<RelPath> },
    /// It is not known whether the files are originals, for this reason.
    NotKnown(&'static str),
}

/// Lists Headway's own names in a library. No server must use the log meanwhile.
pub(crate) async fn strays(
    store: &dyn Store,
    here: &LibraryNow<'_>,
    names: Vec<OwnName>,
) -> Result<Vec<Stray>, StoreError> {
    let (mut owners, mut strays) = (HashMap::<JobId, Owner<'_>>::new(), Vec::new());
    for own in names {
        strays.push(match own.maker {
            // Emptying begins with the decision that nothing of the trash is kept.
            Maker::Probe | Maker::Folder | Maker::Emptying(_) => Stray::new(own, None),
            Maker::Unknown => Stray::new(own, Some("this version makes no such name")),
            Maker::Attempt { job, item } => {
                let owner = match owners.entry(job) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(owner(store, here, job).await?),
                };
                of_attempt(store, owner, own, item).await?
            }
        });
    }
    Ok(strays)
}

/// What is known of a name that an attempt at this item made.
async fn of_attempt(store: &dyn Store, owner: &Owner<'_>, own: OwnName, item: u32) -> Result<Stray, StoreError> {
    let (job_no, files, kept) = match owner {
        Owner::NotKnown(why) => return Ok(Stray::new(own, Some(*why))),
        Owner::Live { job_no, files } => (*job_no, files, None),
        Owner::Over { job_no, files, kept } => (*job_no, files, Some(kept)),
    };
    let Some(theirs) = files.theirs(&own.path) else {
        return Ok(Stray::new(own, Some("it is outside the folder of its job, so it might be an original")));
    };
    match files.is_elsewhere(&theirs) {
        Ok(false) => {}
        Ok(true) => {
            let why =
                "another folder or disk is there than the one on which its job made it, so it might be an original";
            return Ok(Stray::new(own, Some(why)));
        }
        Err(error) => {
            tracing::debug!(path = %own.path, %error, "what is mounted cannot be seen");
            return Ok(Stray::new(own, Some("whether it is on the disk of its job cannot be seen")));
        }
    }
    if kept.is_some_and(|kept| kept.contains(&theirs)) {
        let why = "it might be an original: its placing did not end well, and the job's page says what lies where";
        return Ok(Stray::new(own, Some(why)));
    }
    let is_owned = kept.is_none();
    let input = match input_at(store, job_no, item).await? {
        None => None,
        Some(file) => match files.ours(&file.path) {
            Some(path) => Some(PlannedFile { path, ..file }),
            None if is_owned => None,
            None => {
                let why = "its file is outside this folder: name the folder of its job, in which it is looked for";
                return Ok(Stray::new(own, Some(why)));
            }
        },
    };
    Ok(Stray { own, is_owned, input, kept: None })
}

/// The file of an item, if a program can have moved it away.
async fn input_at(store: &dyn Store, job_no: u64, item: u32) -> Result<Option<PlannedFile>, StoreError> {
    Ok(store.items_at(job_no, &[item]).await?.into_iter().next().and_then(input_of))
}

async fn owner<'a>(store: &dyn Store, here: &'a LibraryNow<'_>, job: JobId) -> Result<Owner<'a>, StoreError> {
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
    let files = match here.files_of(&job, &row.library) {
        Ok(Some(files)) => files,
        Ok(None) => return Ok(Owner::NotKnown("its job belongs to a library of another name")),
        Err(error) => {
            tracing::debug!(job.id = %job, %error, "on what a job was planned cannot be read");
            return Ok(Owner::NotKnown("on what its job was planned cannot be read, so it might be an original"));
        }
    };
    match row.summary.status.is_terminal() {
        true => match unplaced(store, &row).await {
            Ok(kept) => Ok(Owner::Over { job_no: row.job_no, files, kept }),
            Err(ReadError::Store(error)) => Err(error),
            Err(ReadError::Event { .. } | ReadError::Change { .. }) => {
                Ok(Owner::NotKnown("an event of its job cannot be read, so it might be an original"))
            }
        },
        false => Ok(Owner::Live { job_no: row.job_no, files }),
    }
}

/// The temporary files of those changes of a job whose progress is not known.
async fn unplaced(store: &dyn Store, row: &JobRow) -> Result<HashSet<RelPath>, ReadError> {
    let changes = Changes::read(store, row.job_no).await?;
    Ok(changes.open.values().filter_map(Change::temp).collect())
}
