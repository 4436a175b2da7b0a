//! The facts in the log about the files of a library, under every name that jobs gave the library. A fact holds for the
//! folder and the disk on which the job saw the file, and for nothing else that has the name or the path now.

mod held;
mod left_open;
mod shown;
mod undone;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::known_names::known_names;
use super::{ActiveJob, Context};
use headway_files::{DataFolder, KnownAs, Library, SameFiles};
use headway_model::{Digest, JobId, RelPath};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::{DoneRow, OutcomeRow};

/// A job's names for files, with the numbers of the undos that put them back.
type UndoneFiles = Arc<HashMap<RelPath, u64>>;

/// How a job processed a file before.
pub(super) struct PastRow {
    /// The fact in the log, with the file's present path.
    pub(super) row: DoneRow,
    /// Whether the job saw the file that is there now. Of any other file, the same name, size and time prove nothing about the
    /// content.
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
    /// Which files of these jobs are those that are there now.
    same: Arc<Mutex<HashMap<JobId, SameFiles>>>,
    /// The jobs of which there is an undo.
    undone_jobs: Arc<OnceCell<HashSet<JobId>>>,
    /// What undos of these jobs have put back, by the jobs' names for the files, with the numbers of the undos.
    undone: Arc<Mutex<HashMap<JobId, UndoneFiles>>>,
}

impl Past {
    /// The past of the files of a job.
    pub(super) async fn of(context: &Context, active: &ActiveJob) -> Result<Self, Unable> {
        Ok(Past::under(context, active, known_names(context, &active.library).await?))
    }

    /// The same if the names of its library are known.
    pub(super) fn under(context: &Context, active: &ActiveJob, names: Arc<[KnownAs]>) -> Self {
        let (data, library) = (Arc::clone(&context.data), Arc::clone(&active.library));
        let (store, only_reads) = (Arc::clone(&context.store), active.only_reads());
        let (same, undone_jobs, undone) = Default::default();
        Past { store, data, library, names, only_reads, same, undone_jobs, undone }
    }

    /// How these files were processed before, as [`Store::done`]: first by jobs that saw these files, and the last job
    /// first. What was undone since is left out. For jobs that saw other files, only their outputs count, because the content of an output can be
    /// compared.
    pub(super) async fn done(&self, recipe: &str, paths: &[RelPath]) -> Result<Vec<PastRow>, Unable> {
        let mut done = Vec::new();
        for name in self.names.iter().filter(|name| self.only_reads || name.is_same()) {
            for mut past in self.done_as(name, recipe, paths).await? {
                if let Some(path) = name.ours(&past.row.file.path) {
                    past.row.file.path = path;
                    done.push(past);
                }
            }
        }
        // Of two jobs that did the same, the later one counts.
        done.sort_by_key(|past| std::cmp::Reverse((past.is_of_this_folder, past.row.job_no)));
        Ok(done)
    }

    /// The contents that this `work` processed or produced, as [`Store::done_contents`].
    pub(super) async fn done_contents(&self, work: Digest) -> Result<HashSet<(u64, Digest)>, Unable> {
        let mut contents = HashSet::new();
        for name in self.names.iter().filter(|name| self.only_reads || name.is_same()) {
            let done = self.store.done_contents(&name.library, work).await?;
            let done = self.held(name, done).await?.0;
            contents.extend(done.into_iter().map(|content| (content.size, content.hash)));
        }
        Ok(contents)
    }

    /// The rows of [`Store::done`] for these files under a name.
    async fn done_as(&self, name: &KnownAs, recipe: &str, paths: &[RelPath]) -> Result<Vec<PastRow>, Unable> {
        let (mut done, mut rest) = (Vec::new(), held::first(name, paths));
        while let Some((paths, but)) = rest.pop() {
            let asked: Vec<_> = but.iter().copied().collect();
            let rows = self.store.done(&name.library, recipe, &paths, &asked).await?;
            let (held, others) = self.sorted(name, rows, &but, &mut rest).await?;
            let held = self.still_done(held).await?;
            done.extend(held.into_iter().map(|row| PastRow { row, is_of_this_folder: true }));
            let wrote = self.still_done(others.into_iter().filter(has_output).collect()).await?.into_iter();
            done.extend(wrote.map(|row| PastRow { row, is_of_this_folder: false }));
        }
        Ok(done)
    }

    /// The rows of [`Store::outcomes`] for these files under a name.
    async fn outcomes_as(&self, name: &KnownAs, paths: &[RelPath], before: u64) -> Result<Vec<OutcomeRow>, Unable> {
        let (mut held, mut rest) = (Vec::new(), held::first(name, paths));
        while let Some((paths, but)) = rest.pop() {
            let asked: Vec<_> = but.iter().copied().collect();
            let rows = self.store.outcomes(&name.library, &paths, before, &asked).await?;
            held.extend(self.sorted(name, rows, &but, &mut rest).await?.0);
        }
        let undos = self.undos_of(&held).await?;
        held.extend(undos);
        Ok(held)
    }
}

/// Whether an item left an output in the library. An undo leaves none.
fn has_output(row: &DoneRow) -> bool {
    let result = row.result.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    row.work.is_some() && result.is_some_and(|result| result["output"]["path"].is_string())
}
