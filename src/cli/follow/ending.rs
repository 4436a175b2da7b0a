//! How a command that followed a job ends: its exit code, and its last message.

use super::super::failure::{AS_A_WHOLE, CANCELLED, NOT_BEGUN};
use super::super::out::count;
use super::results::results;
use headway_model::undo_kind::UndoKind;
use headway_model::{Counters, EndReason, Fold, JobStatus, JobSummary};

/// The results for the files, in words. `undone` is what the job took back, if it is an undo.
pub(in crate::cli) fn verdict(fold: &Fold, undone: Option<UndoKind>) -> String {
    // While a job is being planned, or if its plan failed, the number of files is not known.
    if fold.counters.total == 0 && fold.status == JobStatus::Completed {
        return "no file found: nothing was done".into();
    }
    let results = results(&fold.counters, fold.items().map(|(_, status)| status));
    let (done, all) = (count(fold.counters.succeeded.into()), fold.counters.total);
    let results = match undone {
        Some(kind) => {
            results.replacen(&format!("{done} done"), &kind.did(&format!("{done} of {}", count(all.into())), all), 1)
        }
        None => results,
    };
    match fold.status {
        JobStatus::Completed | JobStatus::CompletedWithErrors => results,
        JobStatus::Failed { reason: EndReason::AllFailed } => results,
        _ => {
            let message = fold.message.as_deref().filter(|message| !message.is_empty());
            let why = message.map(|message| format!(" ({})", plain(message))).unwrap_or_default();
            // In the words of the page and of `headway show`.
            let how = JobSummary::from(fold).status_text();
            if all == 0 { format!("{how}{why}") } else { format!("{how}{why}: {results}") }
        }
    }
}

/// The exit code of a job's end.
pub(in crate::cli) fn exit_code(status: JobStatus, counters: &Counters) -> u8 {
    let bad = || u8::try_from((counters.failed + counters.missed).clamp(1, 101)).unwrap_or(101);
    match status {
        JobStatus::Completed => 0,
        JobStatus::CompletedWithErrors | JobStatus::Failed { reason: EndReason::AllFailed } => bad(),
        JobStatus::Failed { .. } => AS_A_WHOLE,
        JobStatus::Cancelled => CANCELLED,
        _ => NOT_BEGUN,
    }
}

/// A program's text on one line, without control sequences for the terminal.
pub(in crate::cli) fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_counts_what_went_wrong_as_gnu_parallel_does() {
        let counters = |failed, missed| Counters { failed, missed, ..Counters::default() };
        let errors = JobStatus::CompletedWithErrors;
        for (status, counters, code) in [
            (JobStatus::Completed, counters(0, 0), 0),
            (errors, counters(3, 0), 3),
            (errors, counters(1, 2), 3),
            (errors, counters(120, 0), 101),
            (JobStatus::Failed { reason: EndReason::AllFailed }, counters(100, 0), 100),
            (JobStatus::Failed { reason: EndReason::Halt }, counters(1, 0), 102),
            (JobStatus::Failed { reason: EndReason::Plan }, counters(0, 0), 102),
            (JobStatus::Cancelled, counters(5, 0), 103),
        ] {
            assert_eq!(exit_code(status, &counters), code, "{status:?}");
        }
    }
}
