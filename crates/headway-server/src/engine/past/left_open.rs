//! Which files earlier jobs might have left half changed.

use std::collections::HashMap;

use super::super::conflicts::can_be_open;
use super::Past;
use headway_model::{DiskEffect, ItemStatus, RelPath};
use headway_recipes::Unable;
use headway_store::rows::OutcomeRow;

impl Past {
    /// How jobs ended for those of these files whose change they might have left open, unless a later job has changed the file. A job
    /// on a folder inside or around this one is not asked: its paths are others.
    pub(in crate::engine) async fn left_open(&self, paths: &[RelPath]) -> Result<Vec<OutcomeRow>, Unable> {
        let mut rows = Vec::new();
        for name in self.names.iter().filter(|name| name.is_same()) {
            rows.extend(self.outcomes_as(name, paths, u64::MAX).await?);
        }
        if !rows.iter().any(|row| can_be_open(row.status)) {
            return Ok(Vec::new());
        }
        let mut changed: HashMap<RelPath, u64> = HashMap::new();
        for row in rows.iter().filter(|row| row.status == ItemStatus::Succeeded(DiskEffect::Changed)) {
            let last = changed.entry(row.path.clone()).or_default();
            *last = row.job_no.max(*last);
        }
        let is_last = |row: &OutcomeRow| changed.get(&row.path).is_none_or(|last| *last < row.job_no);
        rows.retain(|row| can_be_open(row.status) && is_last(row));
        Ok(rows)
    }
}
