//! The temporary files that attempts of a job might have left in its library: where they can be, and their removal.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;

use super::super::{ActiveJob, Context};
use headway_model::item::ItemStatus;
use headway_model::{Fold, Output, OutputPlace, PlannedFile, RelPath};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::ItemRow;

/// Whether an attempt at this item can have left a temporary file: it did not succeed, and the file could not be
/// removed then. Only a job that writes has such files. The fold does not always know whether a cancelled item was
/// tried.
pub(super) fn can_have_left(active: &ActiveJob, fold: &Fold, (item, status): (u32, ItemStatus)) -> bool {
    match status {
        ItemStatus::Succeeded(_) => false,
        ItemStatus::Cancelled => !active.only_reads(),
        status => (status.is_open() || !active.only_reads()) && fold.last_attempt(item) > 0,
    }
}

/// How many items are read at once: a job can have been cancelled with a million of them.
const READ_AT_ONCE: usize = 1000;

/// Items by the folder in which their attempts make temporary files.
pub(super) type ItemsByFolder = BTreeMap<RelPath, BTreeSet<u32>>;

/// Where attempts at these items can have left temporary files: nowhere, if the job only reads.
pub(super) async fn left_by(
    store: &dyn Store,
    active: &ActiveJob,
    items: impl Iterator<Item = u32>,
) -> Result<ItemsByFolder, Unable> {
    let mut left = ItemsByFolder::new();
    if active.only_reads() {
        return Ok(left);
    }
    let items: Vec<_> = items.collect();
    for some in items.chunks(READ_AT_ONCE) {
        for row in store.items_at(active.job_no, some).await? {
            left.entry(temp_folder(&row.file, active.request.output.as_ref())).or_default().insert(row.item);
        }
    }
    Ok(left)
}

/// Removes the temporary files of these items, and the folders that their attempts did not finish making. Files in `kept` might
/// be originals. Returns whether none is left, as far as can be seen. Blocking.
pub(super) fn remove_temps_of(
    context: &Context,
    active: &ActiveJob,
    left: &ItemsByFolder,
    kept: &HashSet<RelPath>,
) -> bool {
    let file_of = |item| {
        let rows = context.handle.block_on(context.store.items_at(active.job_no, &[item])).map_err(io::Error::other)?;
        Ok(rows.into_iter().next().and_then(input_of))
    };
    let temps = active.library.clear_all_temps(left, active.job, kept, &file_of);
    let folders = active.library.clear_unmade(left.keys());
    active.library.tidy_of(active.job);
    temps && folders && !active.library.has_left_of(active.job)
}

/// The file of an item, if a program can have moved it away: after a success, it is where it was, or in the trash.
pub(crate) fn input_of(row: ItemRow) -> Option<PlannedFile> {
    (!matches!(row.state.status, ItemStatus::Succeeded(_))).then_some(row.file)
}

/// The folder of an item's temporary file.
pub(crate) fn temp_folder(file: &PlannedFile, output: Option<&Output>) -> RelPath {
    let path = file.becomes.as_ref().unwrap_or(&file.path);
    let beside = path.parent().unwrap_or_default();
    match output.map(|output| &output.place) {
        Some(OutputPlace::Folder { path: folder, .. }) if beside.is_root() => folder.clone(),
        Some(OutputPlace::Folder { path: folder, .. }) => folder.join_all(&beside.to_bytes()).unwrap_or(beside),
        _ => beside,
    }
}
