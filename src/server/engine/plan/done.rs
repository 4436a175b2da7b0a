//! Which files were done before, so that they need not be done again: by the same recipe with the same settings, to the same
//! content.

use std::collections::HashSet;

use serde_json::Value;

use crate::model::{Digest, RelPath, Rerun, SkipReason};
use crate::server::files::{Found, Library};
use crate::server::rows::DoneRow;

/// The files as the log has them done.
pub(super) type Lookup<'a> = dyn Fn(&[RelPath]) -> Result<Vec<DoneRow>, String> + Send + Sync + 'a;

/// What is done already, as far as a job has to know it.
pub(super) struct Done<'a> {
    pub(super) library: &'a Library,
    pub(super) work: Digest,
    pub(super) lookup: &'a Lookup<'a>,
    /// Sizes and hashes of contents that were done, if moved files are to be recognised.
    pub(super) contents: HashSet<(u64, Digest)>,
}

impl Done<'_> {
    /// Says of each of these files whether it was done. Reads those that may have been moved.
    pub(super) fn judge(&self, files: &mut [Found]) -> Result<(), String> {
        let paths: Vec<_> =
            files.iter().filter(|found| found.skip.is_none()).map(|found| found.file.path.clone()).collect();
        let mut rows = (self.lookup)(&paths)?;
        rows.sort_by(|one, other| one.file.path.cmp(&other.file.path));
        let sizes: HashSet<_> = self.contents.iter().map(|(size, _)| *size).collect();
        for found in files.iter_mut().filter(|found| found.skip.is_none()) {
            let first = rows.partition_point(|row| row.file.path < found.file.path);
            let here = rows[first..].iter().take_while(|row| row.file.path == found.file.path);
            let here: Vec<_> = here.collect();
            match self.of(found, &here) {
                Verdict::Done => found.skip = Some(SkipReason::Done),
                Verdict::Again(rerun) => found.file.rerun = Some(rerun),
                Verdict::Never if sizes.contains(&found.file.size) => {
                    // One that cannot be read is for the attempt to tell.
                    let hash = self.library.hash(&found.file.path).ok();
                    if hash.is_some_and(|hash| self.contents.contains(&(found.file.size, hash))) {
                        found.skip = Some(SkipReason::Moved);
                    }
                }
                Verdict::Never => {}
            }
        }
        Ok(())
    }

    fn of(&self, found: &Found, rows: &[&DoneRow]) -> Verdict {
        let undone = rows.iter().filter(|row| row.work.is_none()).map(|row| row.job_no).max();
        let done: Vec<_> =
            rows.iter().filter(|row| row.work.is_some() && undone.is_none_or(|undone| row.job_no > undone)).collect();
        match done.iter().find(|row| row.work == Some(self.work)) {
            Some(row) if self.is_still(found, row) => Verdict::Done,
            Some(_) => Verdict::Again(Rerun::Changed),
            None if done.iter().any(|row| self.is_still(found, row)) => Verdict::Again(Rerun::Settings),
            None if done.is_empty() => Verdict::Never,
            None => Verdict::Again(Rerun::Changed),
        }
    }

    /// Whether the file is as it was when it was done, and so is what was made of it.
    fn is_still(&self, found: &Found, row: &DoneRow) -> bool {
        let result: Value = row.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let output = &result["output"];
        let present = (found.file.size, found.file.mtime_ns);
        match output["path"].as_str().and_then(|path| path.parse::<RelPath>().ok()) {
            Some(path) if path == found.file.path => {
                (output["size"].as_u64(), output["mtime_ns"].as_i64()) == (Some(present.0), Some(present.1))
            }
            Some(path) => present == (row.file.size, row.file.mtime_ns) && self.library.has(&path),
            None => present == (row.file.size, row.file.mtime_ns),
        }
    }
}

enum Verdict {
    Done,
    Again(Rerun),
    Never,
}
