//! Which attempt.

use headway_model::JobId;

/// Which attempt of which item of which job.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptId {
    pub(super) job: JobId,
    pub(super) item: u32,
    pub(super) attempt: u32,
}
