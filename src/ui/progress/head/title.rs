//! The title of a job's tab. There is little room, so the status comes first.

use crate::ui::parts::format;
use headway_model::{JobStatus, JobSummary};

/// Such as "43 % · Checksum of photos".
pub(in crate::ui) fn title(summary: &JobSummary) -> String {
    format!("{} · {}", stands(summary), summary.title)
}

fn stands(summary: &JobSummary) -> String {
    let percent = format::percent(summary).map(|percent| format!("{percent} %"));
    match (summary.status, percent) {
        (JobStatus::Planning, _) => "Listing files".into(),
        (JobStatus::Processing | JobStatus::Finishing, Some(percent)) => percent,
        (JobStatus::Paused { .. }, Some(percent)) => format!("Paused at {percent}"),
        (JobStatus::Planned, _) => "Ready".into(),
        // Only the word, because the page shows the reason.
        _ => format::capital(&summary.status_word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::{created, job_id, planned, record};
    use headway_model::{DiskEffect, JobEvent};

    #[test]
    fn a_tab_says_how_far_its_job_is() {
        let mut events = vec![created(job_id(1))];
        let title = |events: &[JobEvent]| title(&JobSummary::from(&record(events).1));
        assert_eq!(title(&events), "Listing files · Checksum of photos");
        events.extend([planned(0, 3), JobEvent::PlanEnded { total: 3, reruns: Default::default() }]);
        assert_eq!(title(&events), "Queued · Checksum of photos");
        events.extend([JobEvent::Began {}, JobEvent::Started { item: 0, attempt: 1 }]);
        events.push(JobEvent::Succeeded { item: 0, attempt: 1, effect: DiskEffect::Read, detail: None });
        assert_eq!(title(&events), "33 % · Checksum of photos");
        events.push(JobEvent::Paused { reason: headway_model::status::PauseReason::User });
        assert_eq!(title(&events), "Paused at 33 % · Checksum of photos");
        events.extend([JobEvent::CancelRequested {}, JobEvent::Cancelled {}]);
        assert_eq!(title(&events), "Cancelled · Checksum of photos");
    }
}
