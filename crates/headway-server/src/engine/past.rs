//! What the log says about the files of a library, under every name that jobs gave the library.

mod shown;

use std::collections::HashSet;
use std::sync::Arc;

use super::{ActiveJob, Context};
use headway_files::KnownAs;
use headway_model::{Digest, RelPath};
use headway_recipes::Unable;
use headway_store::Store;
use headway_store::rows::DoneRow;

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
