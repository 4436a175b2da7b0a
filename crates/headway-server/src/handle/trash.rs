//! Empties the trash of a job.

use std::sync::Arc;

use super::Server;
use super::on_disk::{another_folder, bound_to};
use crate::doctor::might_be_the_only_copy;
use crate::error::{internal, unreadable};
use crate::placements::{Changes, unclear};
use headway_files::{Library, Unreadable, io_text};
use headway_model::summary::JobView;
use headway_model::text::counted;
use headway_model::{ApiError, JobId, JobKind};
use headway_store::JobFilter;
use headway_store::rows::JobRow;

/// Why a trash is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Emptying {
    /// A person asked for it.
    ByHand,
    /// It is old.
    ByAge,
}

impl Server {
    /// Removes the originals in a job's trash for good. Refused while the job runs or another job undoes it, and where it
    /// is not known what the trash holds.
    pub(super) async fn empty_trash(&self, id: JobId, why: Emptying) -> Result<JobView, ApiError> {
        let row = self.row(id).await?;
        if !row.summary.status.is_terminal() {
            return Err(ApiError::Conflict { message: "the job has not ended; cancel it first".into() });
        }
        // Held to the end, so that no undo begins while the trash is emptied.
        let _alone = self.inner.undo_starts.lock().await;
        if let Some(undo) = self.undoing(id).await? {
            return Err(ApiError::Conflict { message: format!("job {} is putting these files back", undo.job) });
        }
        // The job is read before, because retention can remove it as soon as its trash is empty.
        let view = self.job(id).await?;
        let library = self.library_of_job(&row.library).await?;
        self.must_have_its_folder(&row, &library).await?;
        if view.trash_unknown {
            let message = view.note.unwrap_or_else(|| "the trash cannot be read now; try again later".into());
            return Err(ApiError::Unavailable { message });
        }
        self.must_be_clear(&row, &library, why).await?;
        let data = Arc::clone(&self.inner.context.data);
        let emptied = tokio::task::spawn_blocking(move || {
            // Before it is emptied: an undo that finds half of it gone must say why.
            data.note_emptied(&id).map_err(|error| internal(&error))?;
            library.empty_trash(id).map_err(|error| {
                let held = library.trashed(id).and_then(|whole| Ok(whole.files + library.half_emptied(id)?.files));
                let what = match held {
                    Ok(0) => "the trash was emptied, but it is not known whether the disk keeps that",
                    Ok(_) | Err(_) => "the trash cannot be emptied",
                };
                unreadable(Unreadable::of(&error), format!("{what}: {}", io_text(&error)))
            })
        });
        let emptied = emptied.await.map_err(|error| internal(&error))??;
        tracing::info!(job.id = %id, files = emptied.files, bytes = emptied.bytes, "a trash was emptied");
        Ok(JobView { trash: (0, 0), trash_left: (0, 0), ..view })
    }

    /// Refuses while the trash might have the only copy of a file: it is not known how far its change got, and its
    /// original is not in its place. An undo looks again, puts back what it can, and names the rest; after that a person
    /// decides.
    async fn must_be_clear(&self, row: &JobRow, library: &Arc<Library>, why: Emptying) -> Result<(), ApiError> {
        // The trash of an undo holds what the other job made.
        if JobKind::of(&row.summary.recipe) == JobKind::Undo {
            return Ok(());
        }
        let undos = self.store().jobs(JobFilter::Undoing(row.summary.job), u32::MAX).await?;
        if why == Emptying::ByHand && undos.iter().any(|undo| undo.summary.status.is_terminal()) {
            return Ok(());
        }
        let store = &**self.store();
        let mut changes = Changes::read(store, row.job_no).await.map_err(|error| internal(&error))?;
        let unclear = unclear(store, row.job_no, &mut changes.open).await?;
        let library = Arc::clone(library);
        let look = move || {
            let changes = unclear.iter().filter_map(|left| left.change.as_ref());
            changes.filter(|change| might_be_the_only_copy(&library, change)).count()
        };
        match tokio::task::spawn_blocking(look).await.map_err(|error| internal(&error))? {
            0 => Ok(()),
            unclear => {
                let files = counted(unclear as u64, ',', "file", "files");
                let message = format!(
                    "it is not known what became of {files} of this job, and its trash might have their only copies; undo the job first, which looks again"
                );
                Err(ApiError::Conflict { message })
            }
        }
    }

    /// Refuses what is done to the files of a job if its library's path or name leads to another folder now. An undo waits
    /// there, because a copy of a folder can hold a trash of the same name.
    async fn must_have_its_folder(&self, row: &JobRow, library: &Arc<Library>) -> Result<(), ApiError> {
        let id = row.summary.job;
        let request = self.request_of(row).await?;
        let (data, looked) = (Arc::clone(&self.inner.context.data), Arc::clone(library));
        let look = move || bound_to(&data, id, request.as_ref()).map(|bound| looked.is_another(bound));
        match self.inner.looks.ask(&library.name, look).await {
            Ok(Ok(false)) => Ok(()),
            Ok(Ok(true)) => Err(ApiError::Conflict { message: another_folder(&library.name) }),
            Ok(Err(error)) => {
                let message = format!("on what the job was planned cannot be read: {}", io_text(&error));
                Err(ApiError::Unavailable { message })
            }
            Err(no_answer) => {
                Err(ApiError::Unavailable { message: format!("{no_answer} from the storage of {}", library.name) })
            }
        }
    }
}
