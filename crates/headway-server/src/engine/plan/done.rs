//! Finds files that need not be processed again, because the same recipe with the same settings already processed the same
//! content.

use std::collections::HashSet;

use serde_json::Value;

use headway_files::{Library, ListedFile, environment};
use headway_model::{Digest, PauseReason, RelPath, Rerun, SkipReason};
use headway_recipes::Unable;
use headway_store::rows::DoneRow;

/// Looks up in the log how these files were processed before.
pub(super) type Lookup<'a> = dyn Fn(&[RelPath]) -> Result<Vec<DoneRow>, Unable> + Send + Sync + 'a;

/// What a job knows about files that are already done.
pub(super) struct AlreadyDone<'a> {
    pub(super) library: &'a Library,
    pub(super) work: Digest,
    pub(super) lookup: &'a Lookup<'a>,
    /// Sizes and hashes of contents that are done; empty unless moved files are recognised.
    pub(super) contents: HashSet<(u64, Digest)>,
}

impl AlreadyDone<'_> {
    /// Marks each of these files that is done or runs again. Reads the files that might have been moved.
    pub(super) fn judge(&self, files: &mut [ListedFile]) -> Result<(), Unable> {
        let paths: Vec<_> =
            files.iter().filter(|found| found.skip.is_none()).map(|found| found.file.path.clone()).collect();
        let mut rows = (self.lookup)(&paths)?;
        rows.sort_by(|one, other| one.file.path.cmp(&other.file.path));
        let sizes: HashSet<_> = self.contents.iter().map(|(size, _)| *size).collect();
        for found in files.iter_mut().filter(|found| found.skip.is_none()) {
            let first = rows.partition_point(|row| row.file.path < found.file.path);
            let here = rows[first..].iter().take_while(|row| row.file.path == found.file.path);
            let here: Vec<_> = here.collect();
            match self.of(found, &here).map_err(Unable::Environment)? {
                RerunVerdict::Done => found.skip = Some(SkipReason::Done),
                RerunVerdict::Again(rerun) => found.file.rerun = Some(rerun),
                RerunVerdict::Never if sizes.contains(&found.file.size) => {
                    let hash = for_the_attempt(self.library.hash(&found.file.path)).map_err(Unable::Environment)?;
                    if hash.flatten().is_some_and(|hash| self.contents.contains(&(found.file.size, hash))) {
                        found.skip = Some(SkipReason::Moved);
                    }
                }
                RerunVerdict::Never => {}
            }
        }
        Ok(())
    }

    fn of(&self, found: &ListedFile, rows: &[&DoneRow]) -> Result<RerunVerdict, PauseReason> {
        let undone = rows.iter().filter(|row| row.work.is_none()).map(|row| row.job_no).max();
        let done: Vec<_> =
            rows.iter().filter(|row| row.work.is_some() && undone.is_none_or(|undone| row.job_no > undone)).collect();
        let same = done.iter().find(|row| row.work == Some(self.work));
        let mut known = true;
        for row in same.map_or(&done[..], std::slice::from_ref) {
            match self.is_still(found, row)? {
                Some(true) if same.is_some() => return Ok(RerunVerdict::Done),
                Some(true) => return Ok(RerunVerdict::Again(Rerun::Settings)),
                Some(false) => {}
                None => known = false,
            }
        }
        // If it is unknown whether the file changed, it does not count as changed.
        Ok(if done.is_empty() || !known { RerunVerdict::Never } else { RerunVerdict::Again(Rerun::Changed) })
    }

    /// Whether the file and its output are both as they were when the file was done; `None` if that is unknown.
    fn is_still(&self, found: &ListedFile, row: &DoneRow) -> Result<Option<bool>, PauseReason> {
        let result: Value = row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let output = &result["output"];
        let present = (found.file.size, found.file.mtime_ns);
        if !found.file.was_seen() || !output["unknown"].is_null() {
            return Ok(None);
        }
        Ok(match output["path"].as_str().and_then(|path| path.parse::<RelPath>().ok()) {
            Some(path) if path == found.file.path => {
                Some((output["size"].as_u64(), output["mtime_ns"].as_i64()) == (Some(present.0), Some(present.1)))
            }
            Some(_) if present != (row.file.size, row.file.mtime_ns) => Some(false),
            Some(path) => for_the_attempt(self.library.has(&path))?,
            None => Some(present == (row.file.size, row.file.mtime_ns)),
        })
    }
}

/// The answer about a file; `None` if that file alone cannot be read, which its attempt will report. An error only if the
/// environment is at fault.
pub(super) fn for_the_attempt<T>(answer: std::io::Result<T>) -> Result<Option<T>, PauseReason> {
    match answer {
        Ok(known) => Ok(Some(known)),
        Err(error) => environment(&error).map_or(Ok(None), Err),
    }
}

enum RerunVerdict {
    Done,
    Again(Rerun),
    Never,
}
