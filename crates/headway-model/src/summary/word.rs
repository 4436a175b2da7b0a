//! The word for a job's status, the same on the page and in the terminal.

use super::JobSummary;
use crate::built_in::BuiltIn;
use crate::status::{EndReason, JobStatus};

/// The word for a job that ended after its plan.
const PLANNED_ONLY: &str = "planned only";

impl JobSummary {
    /// Whether it was only planned, as by a dry run: its files were listed, and it ended as cancelled before any of them ran.
    pub fn is_planned_only(&self) -> bool {
        self.status == JobStatus::Cancelled && self.began.is_none() && !self.listing
    }

    /// Whether it only tested its files. Testing the same bytes again is not the next step.
    pub fn only_tests(&self) -> bool {
        BuiltIn::of(&self.recipe).is_some_and(BuiltIn::only_tests)
    }

    /// The recipe's name where the title does not begin with it, as default titles do; else nothing.
    pub fn recipe_beside_title(&self) -> &str {
        let begins = self.title.get(..self.recipe.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(&self.recipe));
        if begins { "" } else { &self.recipe }
    }

    /// The word for its status, the same on the page and in the terminal.
    pub fn status_word(&self) -> String {
        if self.is_planned_only() { PLANNED_ONLY.into() } else { self.status.label().replace('_', " ") }
    }

    /// The word for its status, with the reason.
    pub fn status_text(&self) -> String {
        match self.status {
            _ if self.is_planned_only() => PLANNED_ONLY.into(),
            JobStatus::Failed { reason: EndReason::Finish } => format!("failed: {}", self.last_step_failed()),
            status => status.text(),
        }
    }

    /// The text for a failure of the recipe's last step, over all files together.
    pub fn last_step_failed(&self) -> &'static str {
        match BuiltIn::of(&self.recipe) {
            Some(BuiltIn::Checksum) => "the manifest of all files could not be written",
            Some(BuiltIn::Verify) => {
                "the files and the lines of the manifest do not all agree, or could not all be checked"
            }
            Some(_) => "the report on all files could not be written",
            // For a recipe that is not built in, the purpose of the last step is not known.
            None => EndReason::Finish.text(),
        }
    }

    /// For an undo: whether it has put back every file that it was to put back.
    pub fn undid_all(&self) -> bool {
        self.status.is_terminal() && self.counters.failed + self.counters.cancelled + self.counters.missed == 0
    }

    /// For an undo: the word for the job that it undoes.
    pub fn undoing_word(&self) -> &'static str {
        match self.status.is_terminal() {
            _ if self.undid_all() => "undone",
            false => "being undone",
            true => "partly undone",
        }
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

    #[test]
    fn a_title_that_names_the_recipe_says_it_once() {
        let said = |title: &str, recipe: &str| {
            let job = summary(JobStatus::Completed, Counters::default());
            JobSummary { title: title.into(), recipe: recipe.into(), ..job }.recipe_beside_title().to_owned()
        };
        assert_eq!(said("Health · Photos", "health"), "");
        assert_eq!(said("Photos of 2024", "health"), "health");
        assert_eq!(said("Été", "ete"), "ete");
    }

    #[test]
    fn a_failed_last_step_is_reported_with_its_purpose() {
        let finish = JobStatus::Failed { reason: EndReason::Finish };
        let failed = summary(finish, Counters { total: 3, succeeded: 3, ..Counters::default() });
        let none = JobSummary { recipe: "checksum".into(), ..summary(finish, Counters::default()) };
        assert!(none.last_step_failed().contains("manifest"), "there was no file, and that is not why");
        let none = JobSummary { status: JobStatus::Failed { reason: EndReason::NoMatch }, ..none };
        assert_eq!(none.status_text(), "failed: no file was found");
        let said = |recipe: &str| JobSummary { recipe: recipe.into(), ..failed.clone() }.status_text();
        assert_eq!(said("checksum"), "failed: the manifest of all files could not be written");
        assert!(said("verify").contains("do not all agree"));
        assert_eq!(said("health"), "failed: the report on all files could not be written");
        assert_eq!(said("of somebody else"), "failed: the last step failed");
    }

    #[test]
    fn a_job_is_undone_once_nothing_is_left_to_put_back() {
        let word = |status, failed, missed| {
            let succeeded = 3 - failed - missed;
            let counters = Counters { total: 3, succeeded, failed, missed, skipped: missed, ..Counters::default() };
            summary(status, counters).undoing_word()
        };
        assert_eq!(word(JobStatus::Processing, 0, 0), "being undone");
        assert_eq!(word(JobStatus::Completed, 0, 0), "undone");
        assert_eq!(word(JobStatus::CompletedWithErrors, 1, 0), "partly undone");
        // A file that was changed in the meantime is left as it is.
        assert_eq!(word(JobStatus::CompletedWithErrors, 0, 1), "partly undone");
    }
}
