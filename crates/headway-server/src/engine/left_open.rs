//! The changes that the last process left open, of all jobs that are not over, also of those that this server does not work on. Their
//! files are held from the start, because what has such a name can be a job's output while the original lies elsewhere.

use std::collections::{HashMap, HashSet};

use super::Context;
use crate::error::{StartError, unknown_libraries};
use crate::placements::{ReadError, each_event};
use headway_files::Change;
use headway_model::event_kind::EventKind;
use headway_model::{Fold, ItemStatus, RelPath};
use headway_store::StoreError;
use headway_store::rows::JobRow;

/// Holds the files of each change that is open, until it is recorded how the change ended. Call it before any job goes on.
pub(crate) async fn hold_left_open<'a>(
    context: &Context,
    jobs: impl Iterator<Item = (&'a JobRow, &'a Fold)>,
) -> Result<(), StartError> {
    for (row, fold) in jobs {
        let is_open = |(item, status): (u32, ItemStatus)| (status == ItemStatus::Placing).then_some(item);
        let items: HashSet<u32> = fold.items().filter_map(is_open).collect();
        if items.is_empty() {
            continue;
        }
        let (job, library) = (fold.id, &row.library);
        let root = context.root_of(library).map_err(|error| unknown_libraries(&context.data, &error))?;
        let Some(root) = root else {
            tracing::warn!(job.id = %job, library, "the files of a change that is open are not held: nobody knows where they are");
            continue;
        };
        match touched(context, row.job_no, &items).await {
            Ok(touched) => {
                touched.iter().for_each(|(item, names)| context.exclusion.hold_left(&root, names, (job, *item)));
            }
            // A damaged row concerns this job only. Taking it up reports that.
            Err(error) if error.is_damaged_row() => {
                tracing::error!(job.id = %job, %error, "the files of a change that is open are not held");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The names that the open changes of these items give or take. If the log does not say, the file of the item is one.
async fn touched(
    context: &Context,
    job_no: u64,
    items: &HashSet<u32>,
) -> Result<HashMap<u32, Vec<RelPath>>, StoreError> {
    let store = &*context.store;
    let mut names: HashMap<u32, Vec<RelPath>> = HashMap::new();
    // The last change that an item has announced is the open one.
    let read = each_event(store, job_no, EventKind::announces_change, |event| {
        let of_open = Change::of(&event)?.filter(|(item, ..)| items.contains(item));
        names.extend(of_open.map(|(item, _, change)| (item, change.touched())));
        Ok(())
    })
    .await;
    match read {
        Ok(()) => {}
        Err(ReadError::Store(error)) => return Err(error),
        // What comes after such an event is not known.
        Err(ReadError::Event { .. } | ReadError::Change { .. }) => names.clear(),
    }
    let unknown: Vec<_> = items.iter().copied().filter(|item| !names.contains_key(item)).collect();
    if !unknown.is_empty() {
        let rows = store.items_at(job_no, &unknown).await?;
        names.extend(rows.into_iter().map(|row| (row.item, vec![row.file.path])));
    }
    Ok(names)
}
