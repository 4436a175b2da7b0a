//! The files that the work expects in the folder of a job, such as those that a manifest names: those that are not there are
//! items, so that they are counted, listed and can be retried as any other file that was missed.

use std::collections::HashSet;

use super::Lister;
use headway_files::inspect_again;
use headway_model::request::FolderQuery;
use headway_model::{RelPath, SkipReason};
use headway_recipes::Unable;

/// At most this many of them become items; the report of the work has all.
const ABSENT_LIMIT: usize = 10_000;

impl Lister<'_> {
    /// Notes which files are expected in the folder of this query, except what was `listed` before. A query with
    /// patterns, or a sample, asks only for some files, and nobody can tell whether a missing file would be among them.
    pub(super) fn expect(&mut self, query: &FolderQuery, listed: &HashSet<RelPath>) {
        if *query != (FolderQuery { path: query.path.clone(), ..FolderQuery::default() }) || self.wanted.is_some() {
            return;
        }
        let expected = self.work.expects().into_iter();
        let is_open = |path: &RelPath| path.ancestors().contains(&query.path) && !listed.contains(path);
        self.expected = expected.filter(is_open).collect();
    }

    /// Lists those that were not found and are not there, or whose disk is missing.
    pub(super) fn list_absent(&mut self) -> Result<(), Unable> {
        let active = self.active;
        let library = &active.library;
        let mut absent = 0;
        for path in std::mem::take(&mut self.expected) {
            if self.failed.is_some() || self.is_stopped() || absent == ABSENT_LIMIT {
                break;
            }
            let found = inspect_again(library, &path).map_err(Unable::Environment)?;
            if matches!(found.skip, Some(SkipReason::Missing | SkipReason::DiskMissing)) {
                absent += 1;
                self.take(found);
            }
        }
        Ok(())
    }
}
