//! The word for a job's status, the same on the page and in the terminal.

use super::JobSummary;
use crate::status::JobStatus;

/// The word for a job that ended after its plan.
const PLANNED_ONLY: &str = "planned only";

impl JobSummary {
    /// Whether it was only planned, as by a dry run: its files were listed, and it ended as cancelled before any of them ran.
    pub fn is_planned_only(&self) -> bool {
        self.status == JobStatus::Cancelled && self.began.is_none() && !self.listing
    }

    /// The word for its status, the same on the page and in the terminal.
    pub fn status_word(&self) -> String {
        if self.is_planned_only() { PLANNED_ONLY.into() } else { self.status.label().replace('_', " ") }
    }

    /// The word for its status, with the reason.
    pub fn status_text(&self) -> String {
        if self.is_planned_only() { PLANNED_ONLY.into() } else { self.status.text() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;
    use crate::testing::summary;

    #[test]
    fn a_plan_that_was_never_run_is_planned_only_and_all_else_that_was_cancelled_is_cancelled() {
        let ran = summary(JobStatus::Cancelled, Counters::default());
        assert_eq!((ran.status_word(), ran.status_text()), ("cancelled".into(), "cancelled".into()));
        let plan = JobSummary { began: None, ..ran.clone() };
        assert_eq!((plan.status_word(), plan.status_text()), (PLANNED_ONLY.into(), PLANNED_ONLY.into()));
        // Its files were never listed to the end, so there was no plan.
        assert_eq!(JobSummary { listing: true, ..plan.clone() }.status_word(), "cancelled");
        assert_eq!(JobSummary { status: JobStatus::Planned, ..plan }.status_word(), "planned");
    }
}
