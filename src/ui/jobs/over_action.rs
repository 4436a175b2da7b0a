//! What can be done to all jobs of a list that are over, and the words for it.

use crate::api;
use crate::live::mint;
use crate::ui::parts::format;
use headway_model::summary::{JobsWithFiles, OverJobs};
use headway_model::{Action, ApiError, JobId};

/// What is done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OverAction {
    Retry,
    EmptyTrash,
}

impl OverAction {
    /// Those of the jobs that it is for.
    pub(super) fn of(self, jobs: OverJobs) -> JobsWithFiles {
        match self {
            OverAction::Retry => jobs.retry,
            OverAction::EmptyTrash => jobs.trash,
        }
    }

    /// The label of its button; once it is known what it is for, with that.
    pub(super) fn label(self, asked: Option<&JobsWithFiles>) -> String {
        match (self, asked.map(files_of)) {
            (OverAction::Retry, None) => "Retry all that failed…".to_owned(),
            (OverAction::Retry, Some(files)) => format!("Retry {files}"),
            (OverAction::EmptyTrash, None) => "Empty their trash…".to_owned(),
            (OverAction::EmptyTrash, Some(files)) => format!("Delete {files} for good"),
        }
    }

    /// The question before it is done; or that there is nothing to do. Of `unknown` folders that is not known.
    pub(super) fn question(self, of: &JobsWithFiles, unknown: u64) -> String {
        let question = match self {
            _ if of.jobs.is_empty() && self == OverAction::Retry => {
                "No job in this list has a file that failed and that no later job has tried.".to_owned()
            }
            _ if of.jobs.is_empty() => "No job in this list keeps a file in the trash.".to_owned(),
            OverAction::Retry => format!("{} would be processed again.", files_of(of)),
            OverAction::EmptyTrash => {
                let (files, size) = (files_of(of), format::size(of.bytes));
                format!("{files}, {size}, would be deleted. Undo will no longer be possible.")
            }
        };
        let folders = || format::counted(unknown, "folder", "folders");
        match self == OverAction::EmptyTrash && unknown > 0 {
            true => format!("{question} The trash of {} cannot be seen now.", folders()),
            false => question,
        }
    }

    /// What was done.
    pub(super) fn done(self, jobs: u64) -> String {
        match self {
            OverAction::Retry => format!("{} started.", format::counted(jobs, "job was", "jobs were")),
            OverAction::EmptyTrash => {
                format!("The trash of {} is empty.", format::counted(jobs, "job", "jobs"))
            }
        }
    }

    /// Does it to one job.
    pub(super) async fn done_to(self, job: JobId) -> Result<(), ApiError> {
        match self {
            OverAction::Retry => api::retry_errors(job, mint()).await.map(drop),
            OverAction::EmptyTrash => api::steer_job(job, Action::EmptyTrash).await.map(drop),
        }
    }
}

/// Such as "16 files of 3 jobs".
fn files_of(of: &JobsWithFiles) -> String {
    let jobs = format::counted(of.jobs.len() as u64, "job", "jobs");
    format!("{} of {jobs}", format::counted(of.files, "file", "files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buttons_say_how_many_files_of_how_many_jobs_before_anything_is_done() {
        let of = JobsWithFiles { jobs: vec![JobId::mint(1, [1; 10])], files: 22, bytes: 11_000_000 };
        assert_eq!(OverAction::Retry.label(Some(&of)), "Retry 22 files of 1 job");
        assert_eq!(OverAction::EmptyTrash.label(Some(&of)), "Delete 22 files of 1 job for good");
        assert_eq!(
            OverAction::EmptyTrash.question(&of, 2),
            "22 files of 1 job, 11 MB, would be deleted. Undo will no longer be possible. The trash of 2 folders cannot be seen now."
        );
        let none = JobsWithFiles::default();
        assert_eq!(OverAction::EmptyTrash.question(&none, 0), "No job in this list keeps a file in the trash.");
        assert!(OverAction::Retry.question(&none, 1).ends_with("no later job has tried."));
    }
}
