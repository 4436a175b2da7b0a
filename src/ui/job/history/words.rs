//! The words for events on the page.

use headway_model::EventKind;
use headway_model::event_kind::EventOutcome;

/// A filter for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum EventsShown {
    #[default]
    All,
    /// Events of the job, not of one file.
    Job,
    /// Ends of files.
    Ends,
    Failures,
}

impl EventsShown {
    pub(super) const ALL: [(EventsShown, &str); 4] = [
        (EventsShown::All, "All events"),
        (EventsShown::Job, "Of the job as a whole"),
        (EventsShown::Ends, "Files that ended"),
        (EventsShown::Failures, "Failures"),
    ];

    pub(super) fn has(self, kind: EventKind) -> bool {
        match self {
            EventsShown::All => true,
            EventsShown::Job => !kind.is_of_item(),
            EventsShown::Ends => matches!(kind.outcome(), Some(EventOutcome::Done | EventOutcome::Failed)),
            EventsShown::Failures => matches!(kind.outcome(), Some(EventOutcome::Failed | EventOutcome::AttemptFailed)),
        }
    }
}

/// For an event of a file, the rest of a sentence that begins with the file's name; for an event of the job, a whole
/// sentence.
pub(super) fn event_text(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "The job was created",
        EventKind::Planned => "Files were listed",
        EventKind::PlanEnded => "All files were listed",
        EventKind::Approved => "The plan was approved",
        EventKind::Began => "The job began",
        EventKind::Paused => "The job was paused",
        EventKind::Resumed => "The job was resumed",
        EventKind::Halted => "The job was stopped by its own limit",
        EventKind::Finishing => "The last step began",
        EventKind::CancelRequested => "Someone asked to cancel the job",
        EventKind::Cancelled => "The job was cancelled",
        EventKind::Ended => "The job ended",
        EventKind::Changed => "Files at a time or priority was changed",
        EventKind::Pruned => "The history was removed",
        EventKind::Started => "began",
        EventKind::Placing => "got its output, which is put into place",
        EventKind::Changing => "is renamed",
        EventKind::Succeeded => "is done",
        EventKind::Skipped => "was left out",
        EventKind::Failed => "failed",
        EventKind::AttemptFailed => "failed, and will be retried",
        EventKind::Returned => "was given back, to run later",
        EventKind::Stopped => "was stopped",
        EventKind::Recovered => "was interrupted",
        EventKind::Requeued => "waits to run again",
        EventKind::Dropped => "was given up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_of_the_job_or_of_a_file_and_reads_as_such() {
        for kind in EventKind::ALL {
            let is_sentence = event_text(*kind).starts_with(char::is_uppercase);
            assert_eq!(is_sentence, EventsShown::Job.has(*kind), "{kind:?}");
            assert!(EventsShown::All.has(*kind));
        }
        assert!(
            EventsShown::Failures.has(EventKind::AttemptFailed) && !EventsShown::Ends.has(EventKind::AttemptFailed)
        );
    }
}
