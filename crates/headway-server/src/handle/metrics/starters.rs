//! What starts jobs without a person, counted by the status of the last job: one sample for each status, whatever the names.

use super::statuses::STATUSES;
use super::text::MetricsText;
use headway_model::JobStatus;

/// The label of those without a last job, or whose last job is not known.
const NONE: &str = "none";

/// Adds a family with this name and help.
pub(super) fn add(text: &mut MetricsText, (name, help): (&str, &str), last: impl Iterator<Item = Option<JobStatus>>) {
    let last: Vec<_> = last.map(|status| status.map_or(NONE, JobStatus::label)).collect();
    text.family(name, "gauge", help);
    for label in std::iter::once(NONE).chain(STATUSES.map(JobStatus::label)) {
        let count = last.iter().filter(|status| **status == label).count() as u64;
        text.sample(name, &[("last_job", label)], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::PauseReason;
    use headway_model::status::EndReason;

    #[test]
    fn each_status_has_one_sample_and_all_are_counted() {
        let mut text = MetricsText::default();
        let paused = JobStatus::Paused { reason: PauseReason::User };
        let failed = JobStatus::Failed { reason: EndReason::Halt };
        let last = [None, Some(paused), Some(failed), Some(failed), Some(JobStatus::Completed)];
        add(&mut text, ("headway_schedules", "Schedules."), last.into_iter());
        let text = text.end();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.len(), STATUSES.len() + 1);
        for (label, count) in [("none", 1), ("paused", 1), ("failed", 2), ("completed", 1), ("queued", 0)] {
            let sample = format!("headway_schedules{{last_job=\"{label}\"}} {count}");
            assert!(samples.contains(&sample.as_str()), "{sample}: {text}");
        }
    }

    /// The compiler asks here for a new status.
    #[test]
    fn every_status_is_counted_once() {
        let next = |status: JobStatus| match status {
            JobStatus::Planning => Some(JobStatus::Planned),
            JobStatus::Planned => Some(JobStatus::Queued),
            JobStatus::Queued => Some(JobStatus::Processing),
            JobStatus::Processing => Some(JobStatus::Paused { reason: PauseReason::DiskFull }),
            JobStatus::Paused { .. } => Some(JobStatus::Cancelling),
            JobStatus::Cancelling => Some(JobStatus::Finishing),
            JobStatus::Finishing => Some(JobStatus::Completed),
            JobStatus::Completed => Some(JobStatus::CompletedWithErrors),
            JobStatus::CompletedWithErrors => Some(JobStatus::Failed { reason: EndReason::Plan }),
            JobStatus::Failed { .. } => Some(JobStatus::Cancelled),
            JobStatus::Cancelled => None,
        };
        let all: Vec<_> = std::iter::successors(Some(JobStatus::Planning), |status| next(*status)).collect();
        let mut text = MetricsText::default();
        add(&mut text, ("headway_schedules", "Schedules."), all.iter().map(|status| Some(*status)));
        let text = text.end();
        for status in all {
            let sample = format!("headway_schedules{{last_job=\"{}\"}} 1", status.label());
            assert!(text.lines().any(|line| line == sample), "{sample}: {text}");
        }
    }
}
