//! How a library lists the files that jobs included: unprocessed, processed or failed. The index of files keeps the same
//! rule, one outcome at a time.

use std::collections::{BTreeMap, HashMap};

use futures::future::{BoxFuture, FutureExt};

use super::Past;
use headway_model::library::OutcomeFilter;
use headway_model::{ItemStatus, JobKind, RelPath, tried};
use headway_recipes::Unable;
use headway_store::rows::OutcomeRow;

/// The outcomes of files, by their present names.
type Outcomes = HashMap<RelPath, Vec<OutcomeRow>>;

impl Past {
    /// How a library lists each of these files that jobs included.
    pub(in crate::engine) async fn shown_as(
        &self,
        paths: &[RelPath],
    ) -> Result<HashMap<RelPath, OutcomeFilter>, Unable> {
        let past = self.outcomes(paths.to_vec(), u64::MAX).await?;
        Ok(past.into_iter().map(|(path, rows)| (path, shown_as(&rows))).collect())
    }

    /// The outcomes of files in jobs with a lower number than `before`, with the failures that they had under earlier
    /// names: what fails with a file fails with it under its new name too.
    fn outcomes(&self, paths: Vec<RelPath>, before: u64) -> BoxFuture<'_, Result<Outcomes, Unable>> {
        async move {
            let mut past = self.by_name(&paths, before).await?;
            // The last job that gave a file its name, with the name that the file had until then.
            let mut renames: BTreeMap<u64, Vec<(RelPath, RelPath)>> = BTreeMap::new();
            for (path, rows) in &mut past {
                let last = rows.iter().filter(|row| row.moved_from.is_some()).max_by_key(|row| row.job_no);
                let Some((from, job_no)) = last.and_then(|row| Some((row.moved_from.clone()?, row.job_no))) else {
                    continue;
                };
                // The file that had this name before was another one.
                rows.retain(|row| row.job_no >= job_no);
                renames.entry(job_no).or_default().push((path.clone(), from));
            }
            for (job_no, renamed) in renames {
                let froms = renamed.iter().map(|(_, from)| from.clone()).collect();
                let earlier = self.outcomes(froms, job_no).await?;
                for (path, from) in renamed {
                    let failures = earlier.get(&from).map(|rows| failures(rows)).unwrap_or_default();
                    past.entry(path).or_default().extend(failures);
                }
            }
            Ok(past)
        }
        .boxed()
    }

    /// The outcomes for files of these names, under any name that jobs gave their library.
    async fn by_name(&self, paths: &[RelPath], before: u64) -> Result<Outcomes, Unable> {
        let mut past = Outcomes::new();
        for name in self.names.iter() {
            for row in self.outcomes_as(name, paths, before).await? {
                let moved_from = row.moved_from.as_ref().and_then(|from| name.ours(from));
                if let Some(path) = name.ours(&row.path) {
                    past.entry(path).or_default().push(OutcomeRow { moved_from, ..row });
                }
            }
        }
        Ok(past)
    }
}

/// Whether an outcome is a fact about its file. After an undo that failed, the file is as the other job left it.
fn counts(row: &&OutcomeRow) -> bool {
    JobKind::of(&row.recipe) != JobKind::Undo || is_undo(row)
}

/// The failures among these outcomes of a file that no later success has ended.
fn failures(rows: &[OutcomeRow]) -> Vec<OutcomeRow> {
    let mut tries: BTreeMap<String, &OutcomeRow> = BTreeMap::new();
    // A file that a job did not try counts as unprocessed.
    let was_tried = |row: &&OutcomeRow| row.status.shown_as() != OutcomeFilter::Unprocessed;
    for row in rows.iter().filter(counts).filter(was_tried) {
        let last = tries.entry(tried(&row.recipe, row.work)).or_insert(row);
        if row.job_no >= last.job_no {
            *last = row;
        }
    }
    tries.into_values().filter(|row| row.status.shown_as() == OutcomeFilter::Failed).cloned().collect()
}

/// How a library lists a file with these outcomes: as failed if the last try of anything with it failed; else by the last
/// outcome that says something about it.
fn shown_as(rows: &[OutcomeRow]) -> OutcomeFilter {
    if !failures(rows).is_empty() {
        return OutcomeFilter::Failed;
    }
    let tells = |row: &&OutcomeRow| row.status.tells_of_file();
    match rows.iter().filter(counts).filter(tells).max_by_key(|row| row.job_no) {
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
    use headway_model::{Digest, DiskEffect, FailReason, JobId, SkipReason};

    #[test]
    fn a_failure_stays_until_the_same_recipe_succeeds_with_the_file() {
        let failed = ItemStatus::Failed(FailReason::Read);
        let read = ItemStatus::Succeeded(DiskEffect::Read);
        let changed = ItemStatus::Skipped { reason: SkipReason::Changed, planned: false };
        let shown = |rows: &[(&str, ItemStatus)]| {
            let row = |(job_no, (recipe, status)): (u64, &(&str, ItemStatus))| OutcomeRow {
                path: RelPath::default(),
                moved_from: None,
                recipe: recipe.split(' ').next().unwrap_or_default().into(),
                work: Some(Digest::of(recipe.as_bytes())),
                status: *status,
                job_no,
                job: JobId::mint(job_no, [0; 10]),
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
        assert_eq!(
            shown(&[("checksum", read), ("checksum", changed)]),
            OutcomeFilter::Unprocessed,
            "it is another file"
        );
        let unwanted = ItemStatus::Skipped { reason: SkipReason::Lacking, planned: true };
        assert_eq!(shown(&[("checksum", read), ("rename", unwanted)]), OutcomeFilter::Processed, "it was left out");
        assert_eq!(shown(&[("checksum", failed), ("rename", unwanted)]), OutcomeFilter::Failed);
        assert_eq!(shown(&[("rename", unwanted)]), OutcomeFilter::Unprocessed);
        assert_eq!(shown(&[("rename", read), ("undo", read), ("rename", unwanted)]), OutcomeFilter::Unprocessed);
        assert_eq!(shown(&[("checksum sha256", failed), ("checksum blake3", read)]), OutcomeFilter::Processed);
        assert_eq!(shown(&[("command flac", failed), ("command touch", read)]), OutcomeFilter::Failed);
        assert_eq!(shown(&[("command flac", failed), ("command flac", read)]), OutcomeFilter::Processed);
        assert_eq!(shown(&[("rename", read), ("undo", read)]), OutcomeFilter::Unprocessed);
        assert_eq!(shown(&[("rename", read), ("undo", failed)]), OutcomeFilter::Processed);
    }
}
