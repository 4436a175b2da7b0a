//! The files that the work expects in the folder of a job, such as those that a manifest names: those that are not there are
//! items, so that they are counted, listed and can be retried as any other file that was missed.

use std::collections::HashSet;

use super::super::choice::QueryPatterns;
use super::Lister;
use headway_files::inspect_again;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::{RelPath, SkipReason};
use headway_recipes::Unable;

/// At most this many of them become items; the report of the work has all.
const ABSENT_LIMIT: usize = 10_000;

impl Lister<'_> {
    /// Notes which files are expected among those that this query asks for, except what was `listed` before. Nobody can tell
    /// whether a missing file would be in a sample, what its last outcome is, or whether it would meet the conditions.
    pub(super) fn expect(&mut self, query: &FolderQuery, listed: &HashSet<RelPath>) -> Result<(), Unable> {
        if query.show != OutcomeFilter::All || self.sample.is_some() || !self.conditions.is_empty() {
            return Ok(());
        }
        let choice = QueryPatterns::new(query).map_err(|error| Unable::Failed(error.to_string()))?;
        let is_asked_for = |path: &RelPath| {
            let line = path.line_below(&query.path);
            line.is_some_and(|line| !line.iter().any(|above| choice.excludes(above, above != path)))
        };
        let expected = self.work.expects().into_iter();
        self.expected = expected.filter(|path| !listed.contains(path) && is_asked_for(path)).collect();
        self.expects = Some(choice);
        Ok(())
    }

    /// Lists those that were not found and are not there, whose disk is missing, or in whose place something else is.
    pub(super) fn list_absent(&mut self) -> Result<(), Unable> {
        let active = self.active;
        let library = &active.library;
        let (mut absent, choice) = (0, self.expects.take());
        for path in std::mem::take(&mut self.expected) {
            if self.failed.is_some() || self.is_stopped() || absent == ABSENT_LIMIT {
                break;
            }
            let found = inspect_again(library, &path).map_err(Unable::Environment)?;
            let is_wanted = choice.as_ref().is_none_or(|choice| choice.wants(&found));
            let is_absent =
                matches!(found.skip, Some(SkipReason::Missing | SkipReason::DiskMissing | SkipReason::Named));
            if is_absent && is_wanted {
                absent += 1;
                self.take(found);
            }
        }
        Ok(())
    }
}
