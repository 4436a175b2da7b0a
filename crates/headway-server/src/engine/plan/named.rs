//! The files of a query for items of another job.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::active_job::{HalfChanged, Undone};
use super::super::stop::{StepFailure, StepStop};
use super::super::{ActiveJob, Context};
use super::lineage::{AskedFor, asked_for};
use super::listed_before::ITEMS_AT_ONCE;
use headway_files::Change;
use headway_model::item::ItemLabel;
use headway_model::request::{FolderQuery, ItemSelection, ItemsQuery};
use headway_model::{Conditions, ItemStatus, JobId, Query, RelPath, SkipReason};
use headway_recipes::Unable;
use headway_store::ItemPages;

/// Which items of another job a job is for.
pub(super) enum AskedItems {
    /// The files that an undo puts back, in the order in which it does that, and then those that it cannot put back,
    /// because nobody knows how far their change got.
    Undone(Vec<RelPath>),
    /// Any others.
    Items(RetriedItems),
}

/// Items of another job that one of them retries.
pub(super) struct RetriedItems {
    /// In the order of the other job.
    pub(super) items: Vec<AskedItem>,
    /// What the job that asked for them first asked of its files.
    pub(super) conditions: Conditions,
    /// The files that met this. What the plan of the other job skipped never ran, so that it is found out again.
    pub(super) met: HashSet<RelPath>,
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
) -> Result<RetriedItems, Unable> {
    let status = match which {
        ItemSelection::Failed => Some(ItemLabel::Failed),
        ItemSelection::Cancelled => Some(ItemLabel::Cancelled),
        ItemSelection::Errors | ItemSelection::Placed | ItemSelection::These(_) => None,
    };
    let job_no = number_of(context, job).await?;
    let asked = asked_for(context, job).await?;
    let mut half_changed = active.half_changed(context).await?;
    let conditions = asked.as_ref().map(|asked| asked.conditions.clone()).unwrap_or_default();
    let (mut items, mut met) = (Vec::new(), HashSet::new());
    let mut pages = ItemPages::new(&*context.store, job_no, ITEMS_AT_ONCE).with_status(status);
    while let Some(rows) = pages.next().await? {
        let wanted = rows.into_iter().filter(|row| match which {
            ItemSelection::These(items) => items.binary_search(&row.item).is_ok(),
            ItemSelection::Errors => row.state.status.is_error(),
            ItemSelection::Failed | ItemSelection::Cancelled | ItemSelection::Placed => true,
        });
        for row in wanted {
            let was_seen = row.file.was_seen();
            let path = row.file.path;
            let skipped = match row.state.status {
                ItemStatus::Skipped { reason, planned: true } => Some(reason),
                _ => None,
            };
            if asked.is_none() && skipped.is_some_and(SkipReason::is_not_looked_at) {
                return Err(no_longer_known("whether the file", &path, "is"));
            }
            let change = half_changed.remove(&path);
            if !conditions.is_empty() && (change.is_some() || was_seen && skipped.is_none()) {
                met.insert(path.clone());
            }
            items.push(match change {
                Some(change) => AskedItem::HalfChanged(path, change),
                None if was_seen => AskedItem::File(path),
                None => {
                    let below = |asked: &AskedFor| FolderQuery { path: path.clone(), ..asked.query.clone() };
                    let below = asked.as_ref().map(below);
                    AskedItem::NotSeen(path, below)
                }
            });
        }
    }
    Ok(RetriedItems { items, conditions, met })
}

/// The failure of a job that goes on from another one, of whose request it would have to know more.
pub(super) fn no_longer_known(what: &str, path: &RelPath, is: &str) -> Unable {
    let path = path.shown();
    Unable::Failed(format!("{what} {path} {is} wanted is not known: the job that asked for it is no longer in the log"))
}

async fn number_of(context: &Context, job: JobId) -> Result<u64, Unable> {
    let row = context.store.job(job).await?;
    Ok(row.ok_or_else(|| Unable::Failed(format!("job {job} is not in the log")))?.job_no)
}
