//! The results of a job's items, as its last step reads them.

use std::collections::HashMap;

use super::super::ActiveJob;
use super::super::past::Past;
use headway_model::{ItemStatus, RelPath, SkipReason};
use headway_recipes::{ItemResult, Unable};
use headway_store::rows::ItemRow;

/// The results of items that were already processed, by path, from the last job that did the same work.
pub(super) async fn earlier(
    past: &Past,
    active: &ActiveJob,
    page: &[ItemRow],
) -> Result<HashMap<RelPath, String>, Unable> {
    let is_done = |row: &&ItemRow| matches!(row.state.status, ItemStatus::Skipped { reason: SkipReason::Done, .. });
    let paths: Vec<_> = page.iter().filter(is_done).map(|row| row.file.path.clone()).collect();
    if paths.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = past.done(&active.request.recipe, &paths).await?;
    let mut rows: Vec<_> = rows.into_iter().map(|past| past.row).filter(|row| row.work == active.identity).collect();
    rows.sort_by_key(|row| row.job_no);
    Ok(rows.into_iter().filter_map(|row| Some((row.file.path, row.result?))).collect())
}

/// The result of an item; `None` if it was cancelled.
pub(super) fn result(row: ItemRow, earlier: &HashMap<RelPath, String>) -> Result<Option<ItemResult>, Unable> {
    let (failure, skip) = match row.state.status {
        ItemStatus::Succeeded(_) => (None, None),
        ItemStatus::Skipped { reason, .. } => (None, Some(reason)),
        ItemStatus::Failed(reason) => (Some((reason, row.state.message.unwrap_or_else(|| reason.text().into()))), None),
        ItemStatus::Waiting
        | ItemStatus::Running
        | ItemStatus::Placing
        | ItemStatus::Interrupted
        | ItemStatus::Cancelled => return Ok(None),
    };
    let read = |text: &str| {
        let unreadable = |error| Unable::Failed(format!("the result of item {} cannot be read: {error}", row.item));
        serde_json::from_str(text).map_err(unreadable)
    };
    let stored = row.state.result.as_deref().or_else(|| earlier.get(&row.file.path).map(String::as_str));
    let result = stored.map(read).transpose()?.unwrap_or_default();
    Ok(Some(ItemResult { path: row.file.path, result, failure, skip }))
}
