//! The order of the cards: what runs, then what waits for a person, then what is queued.

use headway_model::{JobId, JobStatus};

/// The group of a job, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CardGroup {
    /// It goes on.
    Runs,
    /// It goes on only if a person says so, or once something is mended.
    Waits,
    /// It begins by itself once there is a free place.
    Queued,
}

impl CardGroup {
    /// The group of a job with this status.
    pub(super) fn of(status: JobStatus) -> Self {
        match status {
            JobStatus::Planned | JobStatus::Paused { .. } => CardGroup::Waits,
            JobStatus::Queued => CardGroup::Queued,
            JobStatus::Planning
            | JobStatus::Processing
            | JobStatus::Cancelling
            | JobStatus::Finishing
            | JobStatus::Completed
            | JobStatus::CompletedWithErrors
            | JobStatus::Failed { .. }
            | JobStatus::Cancelled => CardGroup::Runs,
        }
    }
}

/// The jobs in order. A card that is on the page never moves, because a button must not leave the pointer or the focus that is on it:
/// what is new comes before the first card of a later group.
pub(super) fn ordered(before: Option<&[JobId]>, jobs: &[(JobId, CardGroup)]) -> Vec<JobId> {
    let group = |job: &JobId| jobs.iter().find(|(known, _)| known == job).map(|(_, group)| *group);
    let mut shown: Vec<_> = before.into_iter().flatten().copied().filter(|job| group(job).is_some()).collect();
    for (job, own) in jobs {
        if !shown.contains(job) {
            let at = shown.iter().position(|other| group(other) > Some(*own)).unwrap_or(shown.len());
            shown.insert(at, *job);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;
    use headway_model::testing::job_id;

    #[test]
    fn what_runs_is_above_what_waits_and_that_above_what_is_queued() {
        let paused = JobStatus::Paused { reason: PauseReason::User };
        let statuses = [JobStatus::Planned, JobStatus::Queued, JobStatus::Processing, paused, JobStatus::Planning];
        let jobs: Vec<_> = (1..).zip(statuses).map(|(id, status)| (job_id(id), CardGroup::of(status))).collect();
        assert_eq!(ordered(None, &jobs), [3, 5, 1, 4, 2].map(job_id));
    }

    #[test]
    fn a_card_stays_where_it_is_when_its_job_is_paused_or_another_one_comes() {
        let (first, second, third) = (job_id(1), job_id(2), job_id(3));
        let shown = ordered(None, &[(first, CardGroup::Runs), (second, CardGroup::Runs)]);
        let paused = [(first, CardGroup::Waits), (second, CardGroup::Runs)];
        assert_eq!(ordered(Some(&shown), &paused), [first, second]);
        let more = [paused[0], paused[1], (third, CardGroup::Runs)];
        assert_eq!(ordered(Some(&shown), &more), [third, first, second]);
        assert_eq!(ordered(Some(&shown), &more[1..]), [second, third]);
    }
}
