//! Builds one `planned` event.

use headway_files::ListedFile;
use headway_model::event::PLANNED_AT_ONCE;
use headway_model::{PlannedFile, SkipReason};
use headway_store::DETAIL_LIMIT;

/// How many runs of skipped items fit into one event beside its other fields.
const RUNS_LIMIT: usize = 100;

/// Files in order, and the runs of them that are skipped.
#[derive(Default)]
pub(super) struct PlanBatch {
    pub(super) files: Vec<PlannedFile>,
    pub(super) skips: Vec<(u32, u32, SkipReason)>,
    bytes: usize,
}

impl PlanBatch {
    pub(super) fn push(&mut self, index: u32, found: ListedFile) {
        // The size as JSON: the paths, their escapes, two numbers and the field names.
        let becomes = found.file.becomes.as_ref().map_or(0, |path| path.as_str().len() + 10);
        self.bytes += 2 * (found.file.path.as_str().len() + becomes) + 90;
        self.files.push(found.file);
        let Some(reason) = found.skip else { return };
        match self.skips.last_mut() {
            Some((start, length, last)) if *last == reason && *start + *length == index => *length += 1,
            _ => self.skips.push((index, 1, reason)),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.files.len() >= PLANNED_AT_ONCE as usize
            || self.skips.len() >= RUNS_LIMIT
            || self.bytes > DETAIL_LIMIT - 16 * 1024
    }
}
