//! The changes that the last process left open, of all jobs that are not over, also of those that this server does not work on. Their
//! files are held from the start, because what has such a name can be a job's output while the original lies elsewhere.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use super::exclusion::WantedFiles;
use super::{Context, ground};
use crate::error::{StartError, unknown_libraries};
use crate::placements::{ReadError, each_event};
use headway_files::{Change, FileIds, Identity, ask_all};
use headway_model::event_kind::EventKind;
use headway_model::{Fold, ItemStatus, RelPath};
use headway_recipes::Unable;
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
        let root = root_of(context, row).await.map_err(|error| unknown_libraries(&context.data, &error))?;
        let Some(root) = root else {
            tracing::warn!(job.id = %job, library, "the files of a change that is open are not held: nobody knows where they are");
            continue;
        };
        match touched(context, row.job_no, &items).await {
            Ok(touched) => {
                let ids = ids_of(&root, touched.values().flatten().cloned().collect()).await;
                for (item, names) in touched {
                    let files: Vec<_> = names.into_iter().map(|name| (name, true)).collect();
                    let of = |name: &RelPath| ids.get(name).copied().unwrap_or_default();
                    context.exclusion.hold_left(&WantedFiles::below(&root, &files, of), (job, item));
                }
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

/// The root of the folder that a job was planned on, whatever has the name of its library now; `None` if nobody knows where it is.
async fn root_of(context: &Context, row: &JobRow) -> io::Result<Option<PathBuf>> {
    let named = context.root_of(&row.library)?;
    let planned = match context.request(row.job_no).await {
        Ok(Some(request)) => ground(&context.data, row.summary.job, &request)?,
        // Taking up the job reports what cannot be read.
        Ok(None) | Err(Unable::Environment(_) | Unable::Call(..) | Unable::Failed(_)) => {
            context.data.ground(&row.summary.job)?
        }
    };
    let Some(planned) = planned else { return Ok(named) };
    let mut roots: Vec<_> = named.iter().cloned().collect();
    let others = context.data.every_library()?.into_values().flatten().filter(|root| named.as_ref() != Some(root));
    roots.extend(others.collect::<BTreeSet<_>>());
    let looked = asked(roots.clone(), |root| Identity::at(&root)).await;
    let is_planned = |looked: &Option<io::Result<Identity>>| match looked {
        Some(Ok(root)) => root.is_same(&planned.root),
        Some(Err(_)) | None => None,
    };
    match looked.iter().position(|looked| is_planned(looked) == Some(true)) {
        Some(at) => Ok(roots.into_iter().nth(at)),
        // Its disk can be absent. The name leads there, unless it is known to lead to another folder.
        None => Ok(named.filter(|_| looked.first().and_then(is_planned) != Some(false))),
    }
}

/// What identifies these names, as far as the storage tells in time.
async fn ids_of(root: &Path, names: Vec<RelPath>) -> HashMap<RelPath, FileIds> {
    let place = (root.to_owned(), names.clone());
    let looked = asked(vec![place], |(root, names): (PathBuf, Vec<RelPath>)| FileIds::all_at(&root, &names)).await;
    match looked.into_iter().next() {
        Some(Some(Ok(ids))) => names.into_iter().zip(ids).collect(),
        Some(Some(Err(error))) => {
            tracing::debug!(root = %root.display(), %error, "the files of open changes are held by their paths alone");
            HashMap::new()
        }
        Some(None) | None => HashMap::new(),
    }
}

/// Asks storage, which need not answer.
async fn asked<Place: Send + 'static, Answer: Send + 'static>(
    places: Vec<Place>,
    look: impl Fn(Place) -> Answer + Clone + Send + 'static,
) -> Vec<Option<Answer>> {
    tokio::task::spawn_blocking(move || ask_all(places, look)).await.unwrap_or_default()
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
