//! Whether files are still what the jobs saw whose outcomes a library shows.

use std::collections::{HashMap, HashSet};

use super::super::Server;
use headway_model::item::DiskEffect;
use headway_model::library::Entry;
use headway_model::{ApiError, ItemStatus};
use headway_store::rows::ItemRow;

impl Server {
    /// Sets for each of these files whether it was changed since its outcome. Leaves it unset where that is not known.
    pub(super) async fn say_changed(&self, entries: &mut [Entry]) -> Result<(), ApiError> {
        let ids: HashSet<_> = entries.iter().filter_map(|entry| Some(entry.outcome.as_ref()?.job)).collect();
        let mut jobs = HashMap::new();
        for id in ids {
            jobs.extend(self.store().job(id).await?.map(|row| (row.job_no, id)));
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let numbers: Vec<_> = jobs.keys().copied().collect();
        let paths: Vec<_> =
            entries.iter().filter(|entry| entry.outcome.is_some()).map(|entry| entry.path.clone()).collect();
        let rows = self.store().items_for(&numbers, &paths).await?;
        let seen: HashMap<_, _> =
            rows.iter().filter_map(|row| Some(((*jobs.get(&row.job_no)?, &row.file.path), row))).collect();
        for entry in entries {
            let Some(outcome) = &mut entry.outcome else { continue };
            let row = seen.get(&(outcome.job, &entry.path));
            outcome.changed_since = row.is_some_and(|row| is_another(row, entry.size, entry.modified));
        }
        Ok(())
    }
}

/// Whether a file of this size that was last changed at this time is not the one of the item. What a job itself wrote is
/// known by other means, and is not compared.
fn is_another(row: &ItemRow, size: u64, modified: u64) -> bool {
    let wrote = matches!(row.state.status, ItemStatus::Succeeded(DiskEffect::Changed));
    let then = u64::try_from(row.file.mtime_ns / 1_000_000).unwrap_or(0);
    !wrote && row.file.was_seen() && (row.file.size, then) != (size, modified)
}
