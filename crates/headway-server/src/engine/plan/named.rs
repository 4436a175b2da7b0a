//! The files of a query for items of another job.

use std::sync::Arc;

use super::super::active_job::{HalfChanged, Undone};
use super::super::stop::{StepFailure, StepStop};
use super::super::{ActiveJob, Context};
use super::lineage::asked_for;
use super::listed_before::ITEMS_AT_ONCE;
use headway_files::Change;
use headway_model::item::ItemLabel;
use headway_model::request::{FolderQuery, ItemSelection, ItemsQuery};
use headway_model::{JobId, PlannedFile, Query, RelPath};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// Which items of another job a job is for.
pub(super) enum AskedItems {
    /// The files that an undo puts back, in the order in which it does that, and then those that it cannot put back,
    /// because nobody knows how far their change got.
    Undone(Vec<RelPath>),
    /// Any others, in the order of the other job.
    Items(Vec<AskedItem>),
}

/// An item of another job.
pub(super) enum AskedItem {
    /// A file.
    File(RelPath),
    /// What the other job could not look at or list, and what was asked for there, in case it is a folder; `None` if the
    /// job that asked is no longer in the log.
    NotSeen(RelPath, Option<FolderQuery>),
    /// A file that the other job, or one that it retried, might have left half changed.
    HalfChanged(RelPath, HalfChanged),
}

impl AskedItem {
    pub(super) fn path(&self) -> &RelPath {
        match self {
            AskedItem::File(path) | AskedItem::NotSeen(path, _) | AskedItem::HalfChanged(path, _) => path,
        }
    }
}

/// The items that the job's query names; `None` for any other query.
pub(super) async fn named(
    context: &Context,
    active: &Arc<ActiveJob>,
    stop: &StepStop,
) -> Result<Option<AskedItems>, StepFailure> {
    let Query::Items(ItemsQuery { job, which }) = &active.request.query else { return Ok(None) };
    if *which == ItemSelection::Placed {
        let Undone { made, unclear, .. } = match active.predicted_undone(context, stop).await? {
            Some(predicted) => predicted,
            None => active.undone(context, stop).await?,
        };
        let paths = made.iter().map(Change::path).chain(unclear.iter().cloned());
        return Ok(Some(AskedItems::Undone(paths.collect())));
    }
    Ok(Some(AskedItems::Items(items(context, active, *job, which).await?)))
}

/// These items of another job.
async fn items(
    context: &Context,
    active: &ActiveJob,
    job: JobId,
    which: &ItemSelection,
) -> Result<Vec<AskedItem>, Unable> {
    let status = match which {
        ItemSelection::Failed => Some(ItemLabel::Failed),
        ItemSelection::Cancelled => Some(ItemLabel::Cancelled),
        ItemSelection::Errors | ItemSelection::Placed | ItemSelection::These(_) => None,
    };
    let job_no = number_of(context, job).await?;
    let asked = asked_for(context, job).await?;
    let mut half_changed = active.half_changed(context).await?;
    let mut items = Vec::new();
    let mut pages = ItemPages::new(&*context.store, job_no, ITEMS_AT_ONCE).with_status(status);
    while let Some(rows) = pages.next().await? {
        let wanted = rows.into_iter().filter(|row| match which {
            ItemSelection::These(items) => items.binary_search(&row.item).is_ok(),
            ItemSelection::Errors => row.state.status.is_error(),
            ItemSelection::Failed | ItemSelection::Cancelled | ItemSelection::Placed => true,
        });
        items.extend(wanted.map(|row| match (half_changed.remove(&row.file.path), row.file) {
            (Some(change), file) => AskedItem::HalfChanged(file.path, change),
            (None, file) if file.was_seen() => AskedItem::File(file.path),
            (None, PlannedFile { path, .. }) => {
                let below = asked.as_ref().map(|asked| FolderQuery { path: path.clone(), ..asked.clone() });
                AskedItem::NotSeen(path, below)
            }
        }));
    }
    Ok(items)
}

async fn number_of(context: &Context, job: JobId) -> Result<u64, Unable> {
    let row = context.store.job(job).await?;
    Ok(row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no)
}
