//! Whether a file of a plan was done by a job that tried some of the plan's files first, while the plan waited for its approval.

use std::collections::HashSet;

use serde_json::Value;

use super::super::past::{Past, PastRow};
use super::super::{ActiveJob, Context};
use super::done::AlreadyDone;
use crate::placements::undone_items;
use headway_files::inspect;
use headway_model::{DiskEffect, ItemStatus, PlannedFile, RelPath, SkipReason};
use headway_recipes::{Unable, Work};
use headway_store::rows::ItemRow;

/// Why the file is skipped: it is done, as it is now. `None` if no job tried it first, or if it or its output has changed since.
/// Touches nothing. Of a plan without such jobs this asks the log only for the first of its files. Blocking.
pub(in crate::engine) fn tried_first(
    context: &Context,
    active: &ActiveJob,
    work: &dyn Work,
    file: &PlannedFile,
) -> Result<Option<SkipReason>, Unable> {
    if !active.request.approval {
        return Ok(None);
    }
    let trials = context.handle.block_on(active.tried_by(context))?;
    let (false, Some(identity)) = (trials.is_empty(), active.identity) else { return Ok(None) };
    let numbers: Vec<_> = trials.iter().map(|trial| trial.job_no).collect();
    let rows = context.handle.block_on(context.store.items_for(&numbers, std::slice::from_ref(&file.path)))?;
    let has_succeeded = |row: &ItemRow| matches!(row.state.status, ItemStatus::Succeeded(_));
    let Some(row) = rows.into_iter().filter(has_succeeded).max_by_key(|row| row.job_no) else { return Ok(None) };
    let mut found = inspect(&active.library, &file.path).map_err(Unable::Environment)?;
    if found.skip == Some(SkipReason::Missing) {
        let Some(trial) = trials.iter().find(|trial| trial.job_no == row.job_no) else { return Ok(None) };
        let undone = context.handle.block_on(undone_items(&*context.store, trial.job, trial.job_no))?;
        return Ok((takes_away(&row) && !undone.contains(&row.item)).then_some(SkipReason::Done));
    }
    let past = context.handle.block_on(Past::of(context, active))?;
    let lookup = |paths: &[RelPath]| -> Result<Vec<PastRow>, Unable> {
        let mut done = context.handle.block_on(past.done(&active.request.recipe, paths))?;
        // An undo of such a job counts as well.
        done.retain(|past| past.row.work.is_none() || numbers.contains(&past.row.job_no));
        Ok(done)
    };
    let contents = HashSet::new();
    let done = AlreadyDone { library: &active.library, work: identity, recipe: work, lookup: &lookup, contents };
    done.mark(std::slice::from_mut(&mut found))?;
    Ok(found.skip.filter(|skip| *skip == SkipReason::Done))
}

/// Whether the item left nothing at its file's path: it renamed the file, removed it, or replaced it by one of another name.
fn takes_away(row: &ItemRow) -> bool {
    let result = row.state.result.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let result = result.unwrap_or_default();
    let is_changed = row.state.status == ItemStatus::Succeeded(DiskEffect::Changed);
    is_changed && result["output"]["path"].as_str() != Some(row.file.path.as_str())
}
