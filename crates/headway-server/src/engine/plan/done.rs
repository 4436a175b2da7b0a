//! Finds files that need not be processed again, because the same recipe with the same settings already processed the same
//! content.

use std::collections::HashSet;

use serde_json::Value;

use headway_files::{Library, ListedFile, environment};
use headway_model::{Digest, PauseReason, RelPath, Rerun, SkipReason};
use headway_recipes::{Unable, Work};
use headway_store::rows::DoneRow;

use crate::engine::past::PastRow;

/// Looks up in the log how these files were processed before.
pub(super) type Lookup<'a> = dyn Fn(&[RelPath]) -> Result<Vec<PastRow>, Unable> + Send + Sync + 'a;

/// What a job knows about files that are already done.
pub(super) struct AlreadyDone<'a> {
    pub(super) library: &'a Library,
    pub(super) work: Digest,
    /// The work of the job, which tells whether what was found about a file still holds.
    pub(super) recipe: &'a dyn Work,
    pub(super) lookup: &'a Lookup<'a>,
    /// Sizes and hashes of contents that are done; empty unless moved files are recognised.
    pub(super) contents: HashSet<(u64, Digest)>,
}

impl AlreadyDone<'_> {
    /// Marks each of these files that is done or runs again. Reads the files that might have been moved.
    pub(super) fn mark(&self, files: &mut [ListedFile]) -> Result<(), Unable> {
        let paths: Vec<_> =
            files.iter().filter(|found| found.is_asked_about()).map(|found| found.file.path.clone()).collect();
        let mut rows = (self.lookup)(&paths)?;
        rows.sort_by(|one, other| one.row.file.path.cmp(&other.row.file.path));
        let sizes: HashSet<_> = self.contents.iter().map(|(size, _)| *size).collect();
        for found in files.iter_mut().filter(|found| found.is_asked_about()) {
            let first = rows.partition_point(|past| past.row.file.path < found.file.path);
            let here = rows[first..].iter().take_while(|past| past.row.file.path == found.file.path);
            let here: Vec<_> = here.collect();
            match self.of(found, &here).map_err(Unable::Environment)? {
                RerunVerdict::Done => found.skip = Some(SkipReason::Done),
                RerunVerdict::Again(rerun) => found.file.rerun = Some(rerun),
                RerunVerdict::Never
                    if sizes.contains(&found.file.size) && self.recipe.still_holds(&found.file.path, None) =>
                {
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

    fn of(&self, found: &ListedFile, rows: &[&PastRow]) -> Result<RerunVerdict, PauseReason> {
        let undone = rows.iter().map(|past| &past.row).filter(|row| row.work.is_none()).map(|row| row.job_no).max();
        let counts = |row: &DoneRow| row.work.is_some() && undone.is_none_or(|undone| row.job_no > undone);
        let done: Vec<_> = rows.iter().filter(|past| counts(&past.row)).collect();
        let same = done.iter().find(|past| past.row.work == Some(self.work));
        let mut known = true;
        for past in same.map_or(&done[..], std::slice::from_ref) {
            match self.is_still(found, past)? {
                Some(true) if same.is_some() => {
                    let result = result(&past.row);
                    let holds = self.recipe.still_holds(&found.file.path, Some(&result));
                    return Ok(if holds { RerunVerdict::Done } else { RerunVerdict::Never });
                }
                Some(true) => return Ok(RerunVerdict::Again(Rerun::Settings)),
                Some(false) => {}
                None => known = false,
            }
        }
        // If it is unknown whether the file changed, it does not count as changed.
        Ok(if done.is_empty() || !known { RerunVerdict::Never } else { RerunVerdict::Again(Rerun::Changed) })
    }

    /// Whether the file and its output are both as they were when the file was done; `None` if that is unknown.
    fn is_still(&self, found: &ListedFile, past: &PastRow) -> Result<Option<bool>, PauseReason> {
        let row = &past.row;
        let result = result(row);
        let output = &result["output"];
        if !found.file.was_seen() || !output["unknown"].is_null() {
            return Ok(None);
        }
        let path = output["path"].as_str().and_then(|path| path.parse::<RelPath>().ok());
        let is_in_place = path.as_ref() == Some(&found.file.path);
        let present = (Some(found.file.size), Some(found.file.mtime_ns));
        let planned = (Some(row.file.size), Some(row.file.mtime_ns));
        let left = if is_in_place { (output["size"].as_u64(), output["mtime_ns"].as_i64()) } else { planned };
        if present != left {
            return Ok(past.is_of_this_folder.then_some(false));
        }
        match path {
            // A file of the same size and time in another folder can be any file. It counts as done only if the file at the name of the
            // output is, byte for byte, what the job made.
            Some(path) if !past.is_of_this_folder => Ok(self.is_content(&path, output)?.then_some(true)),
            Some(path) if !is_in_place => for_the_attempt(self.library.has(&path)),
            _ => Ok(Some(true)),
        }
    }

    /// Whether the output's name holds the content that the job made. Reads it.
    fn is_content(&self, path: &RelPath, output: &Value) -> Result<bool, PauseReason> {
        let Some(made) = output["hash"].as_str().and_then(|hash| hash.parse::<Digest>().ok()) else { return Ok(false) };
        let present = for_the_attempt(self.library.hash(path))?.flatten();
        Ok(present == Some(made))
    }
}

/// What a job found about a file; nothing if that cannot be read.
fn result(row: &DoneRow) -> Value {
    row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
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
