//! What a job's row needs besides its fold.

use super::{BadDetail, JobRow};
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
    /// The key of a job, from its first event, whose detail is the request. Without the request it is not known to
    /// which library the job belongs.
    pub fn of(
        job_no: u64,
        created_position: Position,
        created: &JobEvent,
        detail: Option<&str>,
    ) -> Result<Self, BadDetail> {
        let bad = |reason: String| BadDetail { seq: 1, reason };
        let text = detail.ok_or_else(|| bad("the request is missing".to_owned()))?;
        let request: StartJob = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        let work = match created {
            JobEvent::Created { work, .. } => *work,
            _ => None,
        };
        Ok(JobKey { job_no, created_position, library: request.library, work })
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

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::{created, job_id};

    #[test]
    fn a_job_whose_request_cannot_be_read_gets_no_row_of_a_library_without_a_name() {
        let key = |detail| JobKey::of(7, 3, &created(job_id(1)), detail);
        let request = r#"{"library":"photos","recipe":"checksum","query":{"folder":{}}}"#;
        assert_eq!(key(Some(request)).map(|key| key.library), Ok("photos".to_owned()));
        for unreadable in [None, Some(""), Some("{}"), Some(r#"{"library":"photos","later":1}"#)] {
            assert!(key(unreadable).is_err(), "{unreadable:?}");
        }
    }
}
