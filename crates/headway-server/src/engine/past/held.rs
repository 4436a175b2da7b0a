//! The one door for facts in the log about files: a fact that a job recorded about a file counts only for the file that
//! it saw.
//!
//! The store returns the last job of each kind. If that job saw another file of the same name, an earlier job can be
//! the last one of this file, so the store is asked again without the other one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::sync::Arc;

use super::super::panicked::Panicked;
use super::Past;
use headway_files::{KnownAs, SameFiles, unable};
use headway_model::{JobId, RelPath};
use headway_recipes::Unable;
use headway_store::rows::{DoneContent, DoneRow, OutcomeRow};

/// Files that are still to be asked for, by the names that jobs gave them, without the jobs of these numbers.
pub(super) type Rest = Vec<(Vec<RelPath>, BTreeSet<u64>)>;

/// These files, before anything was asked about them.
pub(super) fn first(name: &KnownAs, paths: &[RelPath]) -> Rest {
    vec![(paths.iter().filter_map(|path| name.theirs(path)).collect(), BTreeSet::new())]
}

/// Something that a job recorded of a file.
pub(super) trait OfFile {
    /// The job.
    fn job(&self) -> JobId;

    /// The file, as the job named it.
    fn path(&self) -> &RelPath;

    /// Whether it is true of a file that exists now, if the job saw these files.
    fn holds(&self, same: &SameFiles) -> bool {
        same.have(self.path())
    }
}

/// Something that a job recorded of a file, with the store's number for the job.
pub(super) trait OfJob: OfFile {
    /// The number.
    fn job_no(&self) -> u64;
}

impl OfFile for DoneRow {
    fn job(&self) -> JobId {
        self.job
    }

    fn path(&self) -> &RelPath {
        &self.file.path
    }
}

impl OfJob for DoneRow {
    fn job_no(&self) -> u64 {
        self.job_no
    }
}

impl OfFile for OutcomeRow {
    fn job(&self) -> JobId {
        self.job
    }

    fn path(&self) -> &RelPath {
        &self.path
    }

    /// A list goes on to show what was done where nothing identifies the folder: it skips nothing.
    fn holds(&self, same: &SameFiles) -> bool {
        same.can_have(&self.path)
    }
}

impl OfJob for OutcomeRow {
    fn job_no(&self) -> u64 {
        self.job_no
    }
}

impl OfFile for DoneContent {
    fn job(&self) -> JobId {
        self.job
    }

    fn path(&self) -> &RelPath {
        &self.path
    }
}

impl Past {
    /// Splits the facts that jobs recorded under a name into those that are true of the files that exist now, and the
    /// others.
    pub(super) async fn held<R: OfFile>(&self, name: &KnownAs, rows: Vec<R>) -> Result<(Vec<R>, Vec<R>), Unable> {
        let asked: HashSet<_> = {
            let same = self.same.lock();
            rows.iter().map(OfFile::job).filter(|job| !same.contains_key(job)).collect()
        };
        if !asked.is_empty() {
            let (data, library, name) = (Arc::clone(&self.data), Arc::clone(&self.library), name.clone());
            let look = move || {
                let same = |job: JobId| Ok((job, data.same_files(&job, &name, &library)?));
                asked.into_iter().map(same).collect::<io::Result<Vec<_>>>()
            };
            let looked = tokio::task::spawn_blocking(look).await.map_err(Panicked::from)?;
            let looked = looked.map_err(|error| unable("which files an earlier job saw cannot be read", &error))?;
            self.same.lock().extend(looked);
        }
        let same = self.same.lock();
        Ok(rows.into_iter().partition(|row| same.get(&row.job()).is_some_and(|same| row.holds(same))))
    }

    /// Returns the rows of those files whose rows all hold, and the rows of jobs that saw other files, whose names it adds
    /// to the `rest`.
    pub(super) async fn sorted<R: OfJob>(
        &self,
        name: &KnownAs,
        rows: Vec<R>,
        but: &BTreeSet<u64>,
        rest: &mut Rest,
    ) -> Result<(Vec<R>, Vec<R>), Unable> {
        let (mut held, others) = self.held(name, rows).await?;
        let mut again: BTreeMap<&RelPath, BTreeSet<u64>> = BTreeMap::new();
        for row in &others {
            again.entry(row.path()).or_insert_with(|| but.clone()).insert(row.job_no());
        }
        held.retain(|row| !again.contains_key(row.path()));
        let mut alike: BTreeMap<BTreeSet<u64>, Vec<RelPath>> = BTreeMap::new();
        for (path, but) in again {
            alike.entry(but).or_default().push(path.clone());
        }
        rest.extend(alike.into_iter().map(|(but, paths)| (paths, but)));
        Ok((held, others))
    }
}
