//! The statuses of jobs that metrics count, one sample for each.

use headway_model::status::EndReason;
use headway_model::{JobStatus, PauseReason};

/// Every status once. Reasons have no label.
pub(super) const STATUSES: [JobStatus; 11] = [
    JobStatus::Planning,
    JobStatus::Planned,
    JobStatus::Queued,
    JobStatus::Processing,
    JobStatus::Paused { reason: PauseReason::User },
    JobStatus::Cancelling,
    JobStatus::Finishing,
    JobStatus::Completed,
    JobStatus::CompletedWithErrors,
    JobStatus::Failed { reason: EndReason::Halt },
    JobStatus::Cancelled,
];
