//! What the rows of jobs say about the outcomes that a library shows: why a file failed, and whether it is still what the job
//! saw.

use std::collections::{HashMap, HashSet};

use super::super::Server;
use crate::error::internal;
use headway_model::item::{DiskEffect, FailReason};
use headway_model::library::{Entry, LastOutcome};
use headway_model::text::cut_middle;
use headway_model::{ApiError, ItemStatus, JobId};
use headway_store::rows::ItemRow;

/// The most bytes of a reason in a list.
const REASON_LIMIT: usize = 120;

impl Server {
    /// Adds to each of these outcomes the recipe, the end and the item of its job, why that item failed, and whether the file has changed
    /// since. Leaves out what is not known. The paths of a job are relative to its own root, which can be a folder
    /// inside this library or around it.
    pub(super) async fn say_more(&self, library: &str, entries: &mut [Entry]) -> Result<(), ApiError> {
        let ids: HashSet<_> = entries.iter().filter_map(|entry| Some(entry.outcome.as_ref()?.job)).collect();
        // The jobs by the name that they gave the library.
        let mut jobs: HashMap<String, HashMap<u64, JobId>> = HashMap::new();
        let mut known = HashMap::new();
        for id in ids {
            if let Some(row) = self.store().job(id).await? {
                known.insert(id, (row.summary.recipe, row.summary.ended));
                jobs.entry(row.library).or_default().insert(row.job_no, id);
            }
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let library = self.library(library)?;
        let names = self.read_data(move |data| data.known_as(&library)).await?.map_err(|error| internal(&error))?;
        let shown: Vec<_> =
            entries.iter().filter(|entry| entry.outcome.is_some()).map(|entry| entry.path.clone()).collect();
        let mut seen = HashMap::new();
        for name in names {
            let Some(jobs) = jobs.get(&name.library) else { continue };
            let numbers: Vec<_> = jobs.keys().copied().collect();
            let paths: Vec<_> = shown.iter().filter_map(|path| name.theirs(path)).collect();
            for row in self.store().items_for(&numbers, &paths).await? {
                if let (Some(job), Some(path)) = (jobs.get(&row.job_no), name.ours(&row.file.path)) {
                    seen.insert((*job, path), row);
                }
            }
        }
        for entry in entries {
            let Some(outcome) = &mut entry.outcome else { continue };
            if let Some((recipe, ended)) = known.get(&outcome.job) {
                (outcome.recipe, outcome.at) = (Some(recipe.clone()), *ended);
            }
            if let Some(row) = seen.get(&(outcome.job, entry.path.clone())) {
                outcome.item = Some(row.item);
                outcome.changed_since = is_another(row, entry.size, entry.modified);
                say_why(outcome, row);
            }
        }
        Ok(())
    }
}

/// Adds the message of a failure, in one short line, to the reason.
fn say_why(outcome: &mut LastOutcome, row: &ItemRow) {
    let message = row.state.message.as_deref().and_then(|message| message.lines().next());
    let Some(message) = message.filter(|_| matches!(row.state.status, ItemStatus::Failed(_))) else { return };
    let reason = match outcome.reason.take().filter(|reason| !FailReason::adds_nothing(reason)) {
        Some(reason) => format!("{reason}: {message}"),
        None => message.to_owned(),
    };
    outcome.reason = Some(cut_middle(&reason, REASON_LIMIT));
}

/// Whether a file of this size that was last changed at this time is another file than the item's. What the job itself
/// wrote is known by other means, and is not compared.
fn is_another(row: &ItemRow, size: u64, modified: u64) -> bool {
    let wrote = matches!(row.state.status, ItemStatus::Succeeded(DiskEffect::Changed));
    let then = u64::try_from(row.file.mtime_ns / 1_000_000).unwrap_or(0);
    !wrote && row.file.was_seen() && (row.file.size, then) != (size, modified)
}
