//! What the log says about the files of a library, under every name that jobs gave the library.

mod shown;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use super::died::Died;
use super::{ActiveJob, Context};
use headway_files::{DataFolder, KnownAs, Library};
use headway_model::{Digest, JobId, RelPath};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::DoneRow;

/// How a job processed a file before.
pub(super) struct PastRow {
    /// What the log says, with the file's present path.
    pub(super) row: DoneRow,
    /// Whether the job was planned on the folder that is there now. In any other folder, the same name, size and time prove nothing
    /// about a file's content.
    pub(super) is_of_this_folder: bool,
}

/// The past of a library's files. Cheap to clone.
#[derive(Clone)]
pub(super) struct Past {
    store: Arc<dyn Store>,
    data: Arc<DataFolder>,
    library: Arc<Library>,
    names: Arc<[KnownAs]>,
    /// Whether the recipe only reads. What a recipe writes depends on the folder that its paths are relative to, so a job
    /// on a folder inside or around this one did not do the same.
    only_reads: bool,
    /// Of which jobs it is known whether they were planned on the folders that are there now.
    same: Arc<Mutex<HashMap<JobId, bool>>>,
}

impl Past {
    /// The past of the files of a job.
    pub(super) async fn of(context: &Context, active: &ActiveJob) -> Result<Self, Unable> {
        let (data, library) = (Arc::clone(&context.data), Arc::clone(&active.library));
        let known = {
            let (data, library) = (Arc::clone(&data), Arc::clone(&library));
            tokio::task::spawn_blocking(move || data.known_as(&library))
        };
        let names = known.await.map_err(Died::from)?.into();
        let (store, only_reads, same) = (Arc::clone(&context.store), active.only_reads(), Arc::default());
        Ok(Past { store, data, library, names, only_reads, same })
    }

    /// How these files were processed before, as [`Store::done`], the last job first. What an earlier job only read
    /// counts only if it was planned on the folder that is there now, because nothing else in the library shows what it read.
    pub(super) async fn done(&self, recipe: &str, paths: &[RelPath]) -> Result<Vec<PastRow>, Unable> {
        let mut done = Vec::new();
        for name in self.names.iter().filter(|name| self.only_reads || name.is_same()) {
            let theirs: Vec<_> = paths.iter().filter_map(|path| name.theirs(path)).collect();
            let rows = self.store.done(&name.library, recipe, &theirs).await?;
            for mut past in self.by_folder(name, rows).await? {
                if let Some(path) = name.ours(&past.row.file.path) {
                    past.row.file.path = path;
                    done.push(past);
                }
            }
        }
        // Of two jobs that did the same, the later one counts.
        done.sort_by_key(|past| std::cmp::Reverse(past.row.job_no));
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

    /// These rows, each with whether its job was planned on the folder that is there now. Without rows of jobs that only read another
    /// folder, to which the name belonged then.
    async fn by_folder(&self, name: &KnownAs, rows: Vec<DoneRow>) -> Result<Vec<PastRow>, Unable> {
        let asked: HashSet<_> = {
            let same = self.same.lock();
            rows.iter().map(|row| row.job).filter(|job| !same.contains_key(job)).collect()
        };
        if !asked.is_empty() {
            let (data, library, name) = (Arc::clone(&self.data), Arc::clone(&self.library), name.clone());
            let look =
                move || asked.into_iter().map(|job| (job, data.is_of(&job, &name, &library))).collect::<Vec<_>>();
            let looked = tokio::task::spawn_blocking(look).await.map_err(Died::from)?;
            self.same.lock().extend(looked);
        }
        let same = self.same.lock();
        let past = |row: DoneRow| {
            let is_of_this_folder = same.get(&row.job).is_some_and(|is_same| *is_same);
            PastRow { row, is_of_this_folder }
        };
        Ok(rows.into_iter().map(past).filter(|past| past.is_of_this_folder || !only_read(&past.row)).collect())
    }
}

/// Whether an item left nothing in the library that shows what it processed. An undo always counts.
fn only_read(row: &DoneRow) -> bool {
    let output = || {
        let result: Value = serde_json::from_str(row.result.as_deref()?).ok()?;
        result["output"]["path"].as_str().map(drop)
    };
    row.work.is_some() && output().is_none()
}
