//! Pauses jobs when the environment is short of something, and resumes them when that has passed.

use super::retry::has_come;
use super::{Schedule, ScheduleEffect, append};
use headway_model::event::JobEvent;
use headway_model::id::JobId;
use headway_model::status::{JobStatus, PauseReason};

impl Schedule {
    /// Pauses every job that is listed, queued or processed.
    pub(super) fn pause_active(&self, reason: PauseReason, effects: &mut Vec<ScheduleEffect>) {
        for (id, job) in &self.jobs {
            if matches!(job.fold.status, JobStatus::Planning | JobStatus::Queued | JobStatus::Processing) {
                effects.push(append(*id, JobEvent::Paused { reason }));
            }
        }
    }

    /// Resumes a job, if it is still paused for this reason.
    pub(super) fn resume_eased(&mut self, id: JobId, reason: PauseReason, effects: &mut Vec<ScheduleEffect>) {
        if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.fold.status == JobStatus::Paused { reason }) {
            job.tries_storage = reason == PauseReason::StorageErrors;
            effects.push(append(id, JobEvent::Resumed {}));
        }
    }

    /// The jobs paused by the environment that have rested long enough to be tried again. The rest doubles each time in a row,
    /// because only the work itself runs into some shortages, such as a quota.
    pub(crate) fn paused(&self) -> Vec<(JobId, PauseReason)> {
        let rested = self.jobs.iter().filter(|(_, job)| has_come(job.rests_until, self.now));
        let paused = rested.filter_map(|(id, job)| match job.fold.status {
            JobStatus::Paused { reason } => Some((*id, reason)),
            _ => None,
        });
        paused.filter(|(_, reason)| reason.is_environment()).collect()
    }
}
