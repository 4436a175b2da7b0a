//! The identity of an attempt.

use headway_model::JobId;

/// Identifies an attempt: its job, item and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AttemptId {
    pub(super) job: JobId,
    pub(super) item: u32,
    pub(super) attempt: u32,
}
