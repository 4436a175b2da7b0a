//! The actions that are possible on a job in its status. At most one of them is the next step.

use crate::ui::parts::format::{count, counted};
use headway_model::request::ItemSelection;
use headway_model::sorted::sort_few;
use headway_model::status::PauseReason;
use headway_model::{Action, BuiltIn, JobKind, JobStatus, JobSummary, StartJob};

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ButtonAction {
    /// Performs an action.
    Steer(Action),
    /// Starts a job over these files of the job.
    Again(ItemSelection),
    /// Starts a job that takes back what this one did.
    Undo,
    /// Starts this job.
    Start(Box<StartJob>),
    /// Cancels the job.
    Cancel,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfferedAction {
    pub(super) act: ButtonAction,
    /// Its label on the page.
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) is_next: bool,
}

impl OfferedAction {
    fn new(act: ButtonAction, name: &'static str, text: impl Into<String>) -> Self {
        OfferedAction { act, name, text: text.into(), is_next: false }
    }

    fn next(self) -> Self {
        OfferedAction { is_next: true, ..self }
    }
}

/// Whether what a job did can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UndoStanding {
    /// There is nothing to undo, as far as is known.
    Nothing,
    /// It can be undone.
    Possible,
    /// Another job has undone it, or does so now. Whoever did that is through with the job, so nothing is its next step.
    Undone,
}

/// The buttons, with the next step first and *Cancel job* last. `then` is the request for the job that makes use of what this one found,
/// `done_since` how many files later jobs have done, of those that failed or were missed, or of a plan of those that wait.
pub(super) fn offers(
    summary: &JobSummary,
    undo: UndoStanding,
    then: Option<StartJob>,
    done_since: usize,
) -> Vec<OfferedAction> {
    let counters = &summary.counters;
    let retry = || {
        OfferedAction::new(
            ButtonAction::Steer(Action::Retry(None)),
            "retry",
            format!("Retry {} failed", count(counters.failed.into())),
        )
    };
    let pause = || OfferedAction::new(ButtonAction::Steer(Action::Pause), "pause", "Pause");
    let resume = |text: String| OfferedAction::new(ButtonAction::Steer(Action::Resume), "resume", text).next();
    let mut offers = Vec::new();
    match summary.status {
        JobStatus::Planned => {
            // Those that were tried first are left out.
            let left = counters.waiting.saturating_sub(u32::try_from(done_since).unwrap_or(u32::MAX));
            let run = match left {
                0 => "Finish: nothing to do".into(),
                1 if done_since > 0 => "Run the one that is left".into(),
                number if done_since > 0 => format!("Run the other {}", counted(number, "file", "files")),
                number => format!("Run {}", counted(number, "file", "files")),
            };
            offers.push(OfferedAction::new(ButtonAction::Steer(Action::Approve), "approve", run).next());
        }
        JobStatus::Paused { reason: PauseReason::Interrupted } => {
            let files = counted(counters.interrupted, "interrupted file", "interrupted files");
            offers.push(resume(format!("Run the {files} again")));
            let them = if counters.interrupted == 1 { "it" } else { "them" };
            let leave = format!("Count {them} as failed and go on");
            offers.push(OfferedAction::new(ButtonAction::Steer(Action::LeaveOut), "leave_out", leave));
        }
        JobStatus::Paused { .. } => offers.push(resume("Resume".into())),
        JobStatus::Planning | JobStatus::Queued | JobStatus::Processing | JobStatus::Finishing => offers.push(pause()),
        JobStatus::Cancelling => {}
        JobStatus::Completed | JobStatus::CompletedWithErrors | JobStatus::Failed { .. } | JobStatus::Cancelled => {
            offers.extend(after(summary, undo, then, done_since));
        }
    }
    let is_held = matches!(summary.status, JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. });
    if is_held && counters.failed > 0 {
        offers.push(retry());
    }
    if !summary.status.is_terminal() {
        offers.push(OfferedAction::new(
            ButtonAction::Cancel,
            "cancel",
            if summary.status.can_cancel() { "Cancel job" } else { "Cancelling" },
        ));
    }
    offers
}

/// The buttons of a finished job.
fn after(summary: &JobSummary, undo: UndoStanding, then: Option<StartJob>, done_since: usize) -> Vec<OfferedAction> {
    let counters = &summary.counters;
    let mut offers = Vec::new();
    // An undo is not retried: the other job is undone again.
    let is_undo = JobKind::of(&summary.recipe) == JobKind::Undo;
    let (failed, missed) = (counters.failed, counters.missed);
    let still = (u64::from(failed) + u64::from(missed)).saturating_sub(done_since as u64);
    if !is_undo && still > 0 {
        let which = match (failed, missed) {
            _ if done_since > 0 && still == 1 => "the one that is left".into(),
            _ if done_since > 0 => format!("the other {}", count(still)),
            (_, 0) => format!("{} failed", count(failed.into())),
            (0, _) => format!("{} missed", count(missed.into())),
            _ => format!("{} failed or missed", count(still)),
        };
        offers.push(OfferedAction::new(ButtonAction::Again(ItemSelection::Errors), "retry", format!("Retry {which}")));
    }
    if !is_undo && counters.cancelled > 0 {
        let text = format!("Continue with the {} that did not run", count(counters.cancelled.into()));
        offers.push(OfferedAction::new(ButtonAction::Again(ItemSelection::Cancelled), "rest", text));
    }
    offers.extend(then.map(|request| {
        let text = next_text(&request);
        OfferedAction::new(ButtonAction::Start(Box::new(request)), "next", text)
    }));
    // A plan that was not run is run first. A retry of what could not be planned is not the next step.
    if summary.is_planned_only() {
        sort_few(&mut offers, |offer| offer.name != "rest");
    }
    let has_next = undo != UndoStanding::Undone && !summary.only_tests();
    let is_next = |offer: &OfferedAction| has_next && (offer.name == "rest" || !summary.is_planned_only());
    if let Some(next) = offers.first_mut().filter(|offer| is_next(offer)) {
        next.is_next = true;
    }
    if undo == UndoStanding::Possible {
        offers.push(OfferedAction::new(ButtonAction::Undo, "undo", "Undo"));
    }
    offers
}

/// The text of a button that starts the job which makes use of what another one found.
pub(in crate::ui::progress) fn next_text(request: &StartJob) -> &'static str {
    match BuiltIn::of(&request.recipe) {
        Some(BuiltIn::Deduplicate) => "Plan the removal of the copies",
        _ => "Verify these files",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::status::EndReason;
    use headway_model::testing::summary;
    use headway_model::{Counters, Query};

    fn job(status: JobStatus) -> JobSummary {
        let counters = Counters {
            total: 10,
            succeeded: 2,
            failed: 3,
            cancelled: 1,
            interrupted: 2,
            waiting: 2,
            ..Counters::default()
        };
        summary(status, counters)
    }

    #[test]
    fn there_is_one_next_step_at_most_and_it_comes_first() {
        let pause = |reason| JobStatus::Paused { reason };
        for (status, first, last) in [
            (JobStatus::Planning, "Pause", "Cancel job"),
            (JobStatus::Planned, "Run 2 files", "Cancel job"),
            (JobStatus::Queued, "Pause", "Cancel job"),
            (JobStatus::Processing, "Pause", "Cancel job"),
            (pause(PauseReason::User), "Resume", "Cancel job"),
            (pause(PauseReason::Interrupted), "Run the 2 interrupted files again", "Cancel job"),
            (JobStatus::Cancelling, "Cancelling", "Cancelling"),
            (JobStatus::Finishing, "Pause", "Cancel job"),
            (JobStatus::CompletedWithErrors, "Retry 3 failed", "Undo"),
            (JobStatus::Failed { reason: EndReason::Halt }, "Retry 3 failed", "Undo"),
            (JobStatus::Cancelled, "Retry 3 failed", "Undo"),
        ] {
            let offers = offers(&job(status), UndoStanding::Possible, None, 0);
            assert_eq!(offers[0].text, first, "{status:?}");
            assert_eq!(offers[offers.len() - 1].text, last, "{status:?}");
            assert!(offers.iter().filter(|offer| offer.is_next).count() <= 1, "{status:?}: {offers:?}");
            assert!(offers[1..].iter().all(|offer| !offer.is_next), "{status:?}: {offers:?}");
            let mut names: Vec<_> = offers.iter().map(|offer| offer.name).collect();
            names.dedup();
            assert_eq!(names.len(), offers.len(), "{status:?}: {offers:?}");
        }
    }

    #[test]
    fn nothing_is_the_next_step_of_a_job_that_was_undone() {
        for status in [JobStatus::CompletedWithErrors, JobStatus::Cancelled] {
            let offers = offers(&job(status), UndoStanding::Undone, None, 0);
            let names: Vec<_> = offers.iter().map(|offer| (offer.name, offer.is_next)).collect();
            assert_eq!(names, [("retry", false), ("rest", false)], "{status:?}");
        }
    }

    #[test]
    fn a_plan_of_which_some_files_were_tried_runs_the_others() {
        let first = |done| offers(&job(JobStatus::Planned), UndoStanding::Nothing, None, done).remove(0).text;
        assert_eq!(
            [first(0), first(1), first(2)],
            ["Run 2 files", "Run the one that is left", "Finish: nothing to do"]
        );
    }

    #[test]
    fn a_second_look_at_damaged_files_is_not_the_next_step() {
        let job = JobSummary { recipe: "verify".into(), ..job(JobStatus::CompletedWithErrors) };
        let offers = offers(&job, UndoStanding::Nothing, None, 0);
        assert!(offers[0].text == "Retry 3 failed" && offers.iter().all(|offer| !offer.is_next), "{offers:?}");
    }

    #[test]
    fn a_retry_takes_what_was_missed_as_well() {
        let job = |recipe: &str, failed, missed| {
            let counters = Counters { total: 9, failed, missed, skipped: missed, ..Counters::default() };
            JobSummary { recipe: recipe.into(), counters, ..job(JobStatus::CompletedWithErrors) }
        };
        for (failed, missed, expected) in
            [(3, 0, "Retry 3 failed"), (0, 2, "Retry 2 missed"), (3, 2, "Retry 5 failed or missed")]
        {
            let offers = offers(&job("checksum", failed, missed), UndoStanding::Nothing, None, 0);
            assert_eq!((&offers[0].act, &*offers[0].text), (&ButtonAction::Again(ItemSelection::Errors), expected));
        }
        assert_eq!(offers(&job("undo", 3, 2), UndoStanding::Nothing, None, 0), [], "the server refuses it");
        let text = |done_since| {
            offers(&job("checksum", 3, 2), UndoStanding::Nothing, None, done_since)
                .first()
                .map(|offer| offer.text.clone())
        };
        assert_eq!(text(3).as_deref(), Some("Retry the other 2"));
        assert_eq!(
            [text(4), text(5)],
            [Some("Retry the one that is left".to_owned()), None],
            "what later jobs did is done"
        );
    }

    #[test]
    fn undo_is_offered_only_where_something_is_there_to_be_undone() {
        let mut job = job(JobStatus::Completed);
        job.counters = Counters { total: 1, succeeded: 1, ..Counters::default() };
        assert_eq!(offers(&job, UndoStanding::Nothing, None, 0), []);
        assert_eq!(offers(&job, UndoStanding::Possible, None, 0).len(), 1);
    }

    #[test]
    fn the_next_step_after_a_manifest_is_to_verify_by_it_unless_files_failed() {
        let mut job = job(JobStatus::Completed);
        job.counters = Counters { total: 1, succeeded: 1, ..Counters::default() };
        let verify = || Some(StartJob::new("files", "verify", Query::Paths(Vec::new())));
        let next = offers(&job, UndoStanding::Nothing, verify(), 0).remove(0);
        assert_eq!((next.name, next.is_next, &*next.text), ("next", true, "Verify these files"));
        for (recipe, text) in [("deduplicate", "Plan the removal of the copies"), ("verify", "Verify these files")] {
            for approval in [false, true] {
                let next = StartJob { approval, ..StartJob::new("files", recipe, Query::Paths(Vec::new())) };
                assert_eq!(offers(&job, UndoStanding::Nothing, Some(next), 0).remove(0).text, text, "the recipe tells");
            }
        }
        job.counters = Counters { total: 2, succeeded: 1, failed: 1, ..Counters::default() };
        let names: Vec<_> =
            offers(&job, UndoStanding::Nothing, verify(), 0).iter().map(|offer| (offer.name, offer.is_next)).collect();
        assert_eq!(names, [("retry", true), ("next", false)]);
    }

    #[test]
    fn the_next_step_of_a_plan_that_was_not_run_is_to_run_it() {
        let counters = |cancelled| Counters { total: 9, missed: 4, skipped: 4, cancelled, ..Counters::default() };
        let plan = |cancelled| JobSummary {
            began: None,
            counters: counters(cancelled),
            recipe: "compress".into(),
            ..job(JobStatus::Cancelled)
        };
        let said = |job: &JobSummary| {
            let offers = offers(job, UndoStanding::Nothing, None, 0);
            offers.iter().map(|offer| (offer.name, offer.is_next)).collect::<Vec<_>>()
        };
        assert_eq!(said(&plan(5)), [("rest", true), ("retry", false)]);
        assert_eq!(said(&plan(0)), [("retry", false)]);
    }
}
