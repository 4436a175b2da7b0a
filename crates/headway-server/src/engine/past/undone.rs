//! What undos have put back: a file counts then as if the other job had never worked on it. The undo can have recorded it under another
//! name: of an output beside its original, its item is the output.

use std::collections::HashSet;
use std::sync::Arc;

use super::held::OfJob;
use super::{Past, UndoneFiles};
use crate::placements::undone_files;
use headway_model::{JobId, JobKind};
use headway_recipes::Unable;
use headway_store::JobFilter;
use headway_store::rows::OutcomeRow;

impl Past {
    /// Leaves out those of these facts that an undo has put an end to.
    pub(super) async fn still_done<R: OfJob>(&self, rows: Vec<R>) -> Result<Vec<R>, Unable> {
        let mut still = Vec::with_capacity(rows.len());
        for row in rows {
            if self.undone_by(&row).await?.is_none() {
                still.push(row);
            }
        }
        Ok(still)
    }

    /// The undos of these outcomes, as outcomes of the files that they are about.
    pub(super) async fn undos_of(&self, rows: &[OutcomeRow]) -> Result<Vec<OutcomeRow>, Unable> {
        let mut undos = Vec::new();
        // The undo of a new name is recorded under both names.
        for row in rows.iter().filter(|row| row.moved_from.is_none()) {
            if let Some(job_no) = self.undone_by(row).await? {
                undos.push(OutcomeRow { recipe: JobKind::UNDO.to_owned(), work: None, job_no, ..row.clone() });
            }
        }
        Ok(undos)
    }

    /// The store's number for the undo that has put back what a job did to a file, if one has.
    async fn undone_by<R: OfJob>(&self, row: &R) -> Result<Option<u64>, Unable> {
        let job = row.job();
        if !self.undone_jobs().await?.contains(&job) {
            return Ok(None);
        }
        let known = self.undone.lock().get(&job).cloned();
        let files = match known {
            Some(files) => files,
            None => {
                let files: UndoneFiles = Arc::new(undone_files(&*self.store, job, row.job_no()).await?);
                self.undone.lock().insert(job, Arc::clone(&files));
                files
            }
        };
        Ok(files.get(row.path()).copied())
    }

    /// The jobs of which there is an undo.
    async fn undone_jobs(&self) -> Result<&HashSet<JobId>, Unable> {
        let read = || async {
            let undos = self.store.jobs(JobFilter::Undos(None), u32::MAX).await?;
            Ok::<_, Unable>(undos.into_iter().filter_map(|undo| undo.head.parent()).collect::<HashSet<_>>())
        };
        self.undone_jobs.get_or_try_init(read).await
    }
}
