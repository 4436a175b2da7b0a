//! What the log says about the files of a library, under every name that jobs gave the library.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{ActiveJob, Context};
use headway_files::KnownAs;
use headway_model::library::OutcomeFilter;
use headway_model::{Digest, ItemStatus, JobKind, RelPath};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::{DoneRow, OutcomeRow};

/// The past of a library's files. Cheap to clone.
#[derive(Clone)]
pub(super) struct Past {
    store: Arc<dyn Store>,
    names: Arc<[KnownAs]>,
    /// Whether the recipe only reads. What a recipe writes depends on the folder that its paths are relative to, so a job
    /// on a folder inside or around this one did not do the same.
    only_reads: bool,
}

impl Past {
    /// The past of the files of a job.
    pub(super) async fn of(context: &Context, active: &ActiveJob) -> Result<Self, Unable> {
        let (data, library) = (Arc::clone(&context.data), Arc::clone(&active.library));
        let names = tokio::task::spawn_blocking(move || data.known_as(&library)).await;
        let names = names.map_err(|error| Unable::Failed(error.to_string()))?.into();
        Ok(Past { store: Arc::clone(&context.store), names, only_reads: active.only_reads() })
    }

    /// How a library lists each of these files that jobs included.
    pub(super) async fn shown_as(&self, paths: &[RelPath]) -> Result<HashMap<RelPath, OutcomeFilter>, Unable> {
        let mut past: HashMap<RelPath, Vec<OutcomeRow>> = HashMap::new();
        for name in self.names.iter() {
            let theirs: Vec<_> = paths.iter().filter_map(|path| name.theirs(path)).collect();
            for row in self.store.outcomes(&name.library, &theirs).await? {
                if let Some(path) = name.ours(&row.path) {
                    past.entry(path).or_default().push(row);
                }
            }
        }
        Ok(past.into_iter().map(|(path, rows)| (path, shown_as(&rows))).collect())
    }

    /// How these files were processed before, as [`Store::done`], the last job first.
    pub(super) async fn done(&self, recipe: &str, paths: &[RelPath]) -> Result<Vec<DoneRow>, Unable> {
        let mut done = Vec::new();
        for name in self.names.iter().filter(|name| self.only_reads || name.is_same()) {
            let theirs: Vec<_> = paths.iter().filter_map(|path| name.theirs(path)).collect();
            for mut row in self.store.done(&name.library, recipe, &theirs).await? {
                if let Some(path) = name.ours(&row.file.path) {
                    row.file.path = path;
                    done.push(row);
                }
            }
        }
        // Of two jobs that did the same, the later one counts.
        done.sort_by_key(|row| std::cmp::Reverse(row.job_no));
        Ok(done)
    }

    /// The contents that this `work` processed or produced, as [`Store::done_contents`].
    pub(super) async fn done_contents(&self, work: Digest) -> Result<HashSet<(u64, Digest)>, Unable> {
        let mut contents = HashSet::new();
        for name in self.names.iter().filter(|name| self.only_reads || name.is_same()) {
            contents.extend(self.store.done_contents(&name.library, work).await?);
        }
        Ok(contents)
    }
}

/// How a library lists a file with these outcomes: as failed if its last try by any recipe failed; else by its last
/// outcome. The index of files keeps the same rule, one outcome at a time.
fn shown_as(rows: &[OutcomeRow]) -> OutcomeFilter {
    let mut tries: BTreeMap<&str, (u64, OutcomeFilter)> = BTreeMap::new();
    // After an undo that failed, the file is as the other job left it.
    let counts = |row: &&OutcomeRow| JobKind::of(&row.recipe) != JobKind::Undo || is_undo(row);
    for row in rows.iter().filter(counts) {
        let shown = row.status.shown_as();
        let last = tries.entry(&row.recipe).or_insert((row.job_no, shown));
        if shown != OutcomeFilter::Unprocessed && (row.job_no >= last.0 || last.1 == OutcomeFilter::Unprocessed) {
            *last = (row.job_no, shown);
        }
    }
    if tries.values().any(|(_, shown)| *shown == OutcomeFilter::Failed) {
        return OutcomeFilter::Failed;
    }
    match rows.iter().filter(counts).max_by_key(|row| row.job_no) {
        // A file that was put back counts as if nothing had been done to it.
        Some(row) if is_undo(row) => OutcomeFilter::Unprocessed,
        Some(row) => row.status.shown_as(),
        None => OutcomeFilter::Unprocessed,
    }
}

/// Whether an undo put the file back, or took it away.
fn is_undo(row: &OutcomeRow) -> bool {
    JobKind::of(&row.recipe) == JobKind::Undo && matches!(row.status, ItemStatus::Succeeded(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::{DiskEffect, FailReason, SkipReason};

    #[test]
    fn a_failure_stays_until_the_same_recipe_succeeds_with_the_file() {
        let failed = ItemStatus::Failed(FailReason::Read);
        let read = ItemStatus::Succeeded(DiskEffect::Read);
        let changed = ItemStatus::Skipped { reason: SkipReason::Changed, planned: false };
        let shown = |rows: &[(&str, ItemStatus)]| {
            let row = |(job_no, (recipe, status)): (u64, &(&str, ItemStatus))| OutcomeRow {
                path: RelPath::default(),
                recipe: (*recipe).into(),
                status: *status,
                job_no,
            };
            let rows: Vec<_> = (1..).zip(rows).map(row).collect();
            let backwards: Vec<_> = rows.iter().cloned().rev().collect();
            assert_eq!(shown_as(&rows), shown_as(&backwards));
            shown_as(&rows)
        };
        assert_eq!(shown(&[("checksum", failed), ("verify", read)]), OutcomeFilter::Failed);
        assert_eq!(shown(&[("checksum", failed), ("checksum", changed)]), OutcomeFilter::Failed, "it was not tried");
        assert_eq!(shown(&[("checksum", failed), ("verify", read), ("checksum", read)]), OutcomeFilter::Processed);
        assert_eq!(shown(&[("checksum", read), ("verify", failed)]), OutcomeFilter::Failed);
        assert_eq!(shown(&[("checksum", read), ("checksum", changed)]), OutcomeFilter::Unprocessed);
        assert_eq!(shown(&[("rename", read), ("undo", read)]), OutcomeFilter::Unprocessed);
        assert_eq!(shown(&[("rename", read), ("undo", failed)]), OutcomeFilter::Processed);
    }
}
