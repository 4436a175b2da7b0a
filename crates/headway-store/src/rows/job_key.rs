//! What a job's row needs besides its fold.

use super::JobRow;
use headway_model::id::Position;
use headway_model::{Digest, Fold, JobEvent, JobSummary, StartJob};

/// What a job's row needs besides the fold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobKey {
    /// The store's number for the job.
    pub job_no: u64,
    /// Position of its first event.
    pub created_position: Position,
    /// Name of its library.
    pub library: String,
    /// Hash of everything that determines the output for a file.
    pub work: Option<Digest>,
}

impl JobKey {
    /// The key of a job, from its first event.
    pub fn of(job_no: u64, created_position: Position, created: &JobEvent, detail: Option<&str>) -> Self {
        let request: Option<StartJob> = detail.and_then(|text| serde_json::from_str(text).ok());
        let work = match created {
            JobEvent::Created { work, .. } => *work,
            _ => None,
        };
        JobKey { job_no, created_position, library: request.map(|request| request.library).unwrap_or_default(), work }
    }

    /// The row of the job, with its fold at `last_position`.
    pub fn row(&self, fold: &Fold, last_position: Position) -> JobRow {
        JobRow {
            job_no: self.job_no,
            created_position: self.created_position,
            last_position,
            library: self.library.clone(),
            work: self.work,
            head: fold.head(),
            fold: fold.status.is_terminal().then(|| fold.hash()),
            summary: JobSummary::from(fold),
        }
    }
}
