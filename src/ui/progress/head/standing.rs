//! The status of a job as a sentence: since when it has been running, what it waits for, or how it ended.

use crate::ui::parts::format::{counted, seconds, sentence};
use headway_model::bar::number;
use headway_model::id::Millis;
use headway_model::item::{ItemLabel, StatusFilter};
use headway_model::status::{EndReason, PauseReason};
use headway_model::{JobStatus, JobSummary};

/// The sentence for a job that has had no running file for a while, although files wait. `waits` is what the job waits for
/// according to the server.
pub(super) fn stands_still(waits: Option<&str>) -> String {
    match waits {
        // It can begin with the name of a file, which has no capital letter for that.
        Some(waits) => format!("Nothing is running now. {}.", waits.trim_end_matches('.')),
        None => "Nothing is running now: its files wait for a free worker, for a file that another job holds, or for their next \
                 try."
            .to_owned(),
    }
}

/// The sentence. `waits` is what the job waits for according to the server; `time` formats a time; `can_act` is whether
/// the page has buttons.
pub(super) fn standing(
    summary: &JobSummary,
    waits: Option<&str>,
    time: &dyn Fn(Millis) -> String,
    can_act: bool,
) -> String {
    let counters = &summary.counters;
    let and = |text: String| match waits {
        Some(waits) => format!("{text} {}", sentence(waits)),
        None => text,
    };
    match summary.status {
        JobStatus::Planning => and("Listing the files.".into()),
        JobStatus::Planned if can_act => "Ready. Nothing runs until you press Run.".into(),
        JobStatus::Planned => "Ready. Nothing runs until it is approved.".into(),
        JobStatus::Queued => waits.map_or_else(|| "Waits for a free slot.".into(), sentence),
        JobStatus::Processing => and(processing(summary, time)),
        JobStatus::Paused { reason: PauseReason::User } => "Paused by you.".into(),
        JobStatus::Paused { reason: PauseReason::Interrupted } => {
            let files = files(counters.interrupted);
            let (were, them) = if counters.interrupted == 1 { ("was", "it") } else { ("were", "them") };
            format!(
                "Paused: the server stopped while {files} {were} being worked on. You decide what happens to {them}."
            )
        }
        JobStatus::Paused { reason } => and(format!("Paused: {}.", reason.text())),
        JobStatus::Cancelling if counters.running > 0 => {
            let are = if counters.running == 1 { "is" } else { "are" };
            format!("Cancelling: {} {are} being stopped.", files(counters.running))
        }
        JobStatus::Cancelling => "Cancelling.".into(),
        JobStatus::Finishing => "Every file is processed; the last step is running.".into(),
        JobStatus::Completed | JobStatus::CompletedWithErrors | JobStatus::Failed { .. } | JobStatus::Cancelled => {
            over(summary, time)
        }
    }
}

fn processing(summary: &JobSummary, time: &dyn Fn(Millis) -> String) -> String {
    match summary.began {
        // Other jobs occupy all the workers.
        _ if summary.counters.ran() == 0 && summary.counters.running == 0 && summary.counters.waiting > 0 => {
            "Waits for a free worker.".into()
        }
        Some(began) => format!("Running since {}.", time(began)),
        None => "Running.".into(),
    }
}

fn over(summary: &JobSummary, time: &dyn Fn(Millis) -> String) -> String {
    let counters = &summary.counters;
    let at = summary.ended.map(|ended| format!(" {}", time(ended))).unwrap_or_default();
    // While other jobs had the workers, the job was not at work: the time from its beginning to its end can be much longer.
    let what = if summary.worked.is_some() { "of work" } else { "in all" };
    let work = took(summary).map(|took| format!("{took} {what}"));
    let also = work.as_ref().map(|work| format!(", {work}")).unwrap_or_default();
    let rest = match counters.cancelled {
        0 => String::new(),
        number => format!(" {} did not run.", files(number)),
    };
    match summary.status {
        JobStatus::Failed { reason: EndReason::Plan } => format!("Failed{at}: it could not be prepared."),
        JobStatus::Failed { reason: EndReason::AllFailed } => format!("Failed{at}: every file failed{also}."),
        JobStatus::Failed { reason: reason @ EndReason::NoMatch } => format!("Failed{at}: {}.", reason.text()),
        JobStatus::Failed { reason: EndReason::Finish } => {
            let work = work.map(|work| format!(" {}", sentence(&work))).unwrap_or_default();
            let but = if counters.missed == 0 { "every file was worked on, but " } else { "" };
            format!("Failed{at}: {but}{}.{work}", summary.last_step_failed())
        }
        JobStatus::Failed { reason: EndReason::Halt } => {
            format!("Stopped{at} after {}{also}.{rest}", counted(counters.failed, "failure", "failures"))
        }
        _ if summary.is_planned_only() => format!("Ended{at} before it began: it was planned only."),
        JobStatus::Cancelled => {
            let after = work.map(|work| format!(" after {work}")).unwrap_or_default();
            format!("Cancelled{at}{after}.{rest}")
        }
        _ if counters.failed > 0 => {
            format!("Finished{at} with {}{also}.", counted(counters.failed, "failure", "failures"))
        }
        _ if counters.missed > 0 => {
            format!("Finished{at} without {} that should have been processed{also}.", files(counters.missed))
        }
        _ if counters.files() == 0 => format!("Finished{at}: there was no file."),
        _ if counters.work().1 == 0 => format!("Finished{at}: nothing had to be done."),
        _ => format!("Finished{at}{also}."),
    }
}

/// Which files the number in the sentence counts, the first if it has two; `None` if it has none.
pub(super) fn told_of(summary: &JobSummary) -> Option<StatusFilter> {
    let counters = &summary.counters;
    let label = match summary.status {
        JobStatus::Paused { reason: PauseReason::Interrupted } => ItemLabel::Interrupted,
        JobStatus::Cancelling => ItemLabel::Running,
        JobStatus::Cancelled | JobStatus::Failed { reason: EndReason::Finish } => ItemLabel::Cancelled,
        status if status.is_terminal() && counters.failed > 0 => ItemLabel::Failed,
        status if status.is_terminal() && counters.missed > 0 => return Some(StatusFilter::Missed),
        status if status.is_terminal() => ItemLabel::Cancelled,
        _ => return None,
    };
    Some(StatusFilter::Label(label)).filter(|of| number(counters, *of) > 0)
}

/// The time at work. For jobs of older versions, only the time from beginning to end is known.
pub(in crate::ui) fn took(summary: &JobSummary) -> Option<String> {
    let began = summary.began?;
    let ms = match summary.worked {
        Some(worked) => worked.ms,
        None => summary.ended?.saturating_sub(began),
    };
    Some(if ms < 1_000 { "under 1 s".into() } else { seconds(ms) })
}

fn files(number: u32) -> String {
    counted(number, "file", "files")
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::Counters;
    use headway_model::testing::summary;
    use headway_model::worked::Worked;

    fn said(status: JobStatus, counters: Counters) -> String {
        standing(&summary(status, counters), None, &|at| format!("at {}", at / 1_000), true)
    }

    #[test]
    fn a_job_of_which_nothing_runs_says_what_it_waits_for_if_that_is_known() {
        let told = stands_still(Some("a.jpg waits for job 7, which works on it"));
        assert_eq!(told, "Nothing is running now. a.jpg waits for job 7, which works on it.");
        assert_eq!(stands_still(Some("No server works on it.")), "Nothing is running now. No server works on it.");
        assert!(stands_still(None).ends_with("or for their next try."));
    }

    #[test]
    fn the_sentence_leads_to_the_files_that_it_counts() {
        let told = |status, counters| told_of(&summary(status, counters));
        let some = Counters { total: 9, failed: 2, missed: 1, cancelled: 3, running: 1, ..Counters::default() };
        let of = |label: ItemLabel| Some(StatusFilter::Label(label));
        assert_eq!(told(JobStatus::CompletedWithErrors, some), of(ItemLabel::Failed));
        assert_eq!(told(JobStatus::Failed { reason: EndReason::Halt }, some), of(ItemLabel::Failed));
        assert_eq!(told(JobStatus::Cancelled, some), of(ItemLabel::Cancelled));
        assert_eq!(told(JobStatus::Cancelling, some), of(ItemLabel::Running));
        assert_eq!(told(JobStatus::Processing, some), None);
        let missed = Counters { total: 9, missed: 1, ..Counters::default() };
        assert_eq!(told(JobStatus::CompletedWithErrors, missed), Some(StatusFilter::Missed));
        assert_eq!(told(JobStatus::Completed, Counters::default()), None);
    }

    #[test]
    fn each_state_is_one_sentence_with_its_numbers() {
        let some = Counters {
            total: 141,
            succeeded: 60,
            failed: 22,
            skipped: 1,
            running: 2,
            waiting: 56,
            ..Counters::default()
        };
        assert_eq!(said(JobStatus::Processing, some), "Running since at 2.");
        assert_eq!(said(JobStatus::Planned, some), "Ready. Nothing runs until you press Run.");
        let read_only = standing(&summary(JobStatus::Planned, some), None, &|_| String::new(), false);
        assert_eq!(read_only, "Ready. Nothing runs until it is approved.");
        assert_eq!(said(JobStatus::Paused { reason: PauseReason::DiskFull }, some), "Paused: the disk is full.");
        assert_eq!(said(JobStatus::Cancelling, some), "Cancelling: 2 files are being stopped.");
        assert_eq!(said(JobStatus::CompletedWithErrors, some), "Finished at 300 with 22 failures, 3 min 41 s of work.");
        let one = Counters { total: 3, succeeded: 2, failed: 1, ..Counters::default() };
        assert_eq!(said(JobStatus::CompletedWithErrors, one), "Finished at 300 with 1 failure, 3 min 41 s of work.");
        let rest = Counters { total: 41, succeeded: 1, cancelled: 40, ..Counters::default() };
        assert_eq!(
            said(JobStatus::Cancelled, rest),
            "Cancelled at 300 after 3 min 41 s of work. 40 files did not run."
        );
        let halt = Counters { total: 41, failed: 1, cancelled: 40, ..Counters::default() };
        let unfinished = said(JobStatus::Failed { reason: EndReason::Finish }, one);
        assert!(unfinished.starts_with("Failed at 300: every file was worked on, but "), "{unfinished}");
        assert!(unfinished.ends_with(". 3 min 41 s of work."), "{unfinished}");
        let missed = Counters { total: 4, skipped: 1, skipped_in_plan: 1, missed: 1, ..one };
        let unfinished = said(JobStatus::Failed { reason: EndReason::Finish }, missed);
        assert!(!unfinished.contains("every file"), "one was missed: {unfinished}");
        let stopped = JobStatus::Failed { reason: EndReason::Halt };
        assert_eq!(said(stopped, halt), "Stopped at 300 after 1 failure, 3 min 41 s of work. 40 files did not run.");
    }

    #[test]
    fn one_interrupted_file_is_not_spoken_of_as_several() {
        let said = |interrupted| {
            let counters = Counters { total: 3, interrupted, ..Counters::default() };
            said(JobStatus::Paused { reason: PauseReason::Interrupted }, counters)
        };
        assert!(said(1).ends_with("1 file was being worked on. You decide what happens to it."), "{}", said(1));
        assert!(said(2).ends_with("2 files were being worked on. You decide what happens to them."), "{}", said(2));
    }

    #[test]
    fn a_job_that_no_worker_has_taken_up_does_not_run() {
        let waiting = Counters { total: 3, waiting: 3, ..Counters::default() };
        assert_eq!(said(JobStatus::Processing, waiting), "Waits for a free worker.");
        let running = Counters { total: 3, waiting: 2, running: 1, ..Counters::default() };
        assert_eq!(said(JobStatus::Processing, running), "Running since at 2.");
    }

    #[test]
    fn what_left_everything_out_did_nothing() {
        let all = Counters { total: 12, skipped: 12, skipped_in_plan: 12, ..Counters::default() };
        assert_eq!(said(JobStatus::Completed, all), "Finished at 300: nothing had to be done.");
        assert_eq!(said(JobStatus::Completed, Counters::default()), "Finished at 300: there was no file.");
    }

    #[test]
    fn the_reason_for_waiting_is_shown_in_the_servers_words() {
        let queued = summary(JobStatus::Queued, Counters::default());
        assert_eq!(standing(&queued, Some("2nd in the queue"), &|_| String::new(), true), "2nd in the queue.");
        let planning = summary(JobStatus::Planning, Counters::default());
        assert_eq!(standing(&planning, Some("no news"), &|_| String::new(), true), "Listing the files. No news.");
        let quick = JobSummary {
            worked: Some(Worked { ms: 400, since: None }),
            ..summary(JobStatus::Completed, Counters { total: 1, succeeded: 1, ..Counters::default() })
        };
        let some = JobSummary { worked: Some(Worked { ms: 3_610, since: None }), ..quick.clone() };
        assert_eq!(standing(&some, None, &|_| "22:58".into(), true), "Finished 22:58, 3.6 s of work.");
        assert_eq!(standing(&quick, None, &|_| "22:58".into(), true), "Finished 22:58, under 1 s of work.");
    }
}
