//! A start call until it is answered: the page keeps its id and request, and repeats *that* start.

use serde::Serialize;

use headway_model::read::FromJson;
use headway_model::{ApiError, JobId, StartJob};

/// How long the page waits for an answer before it says that none came and offers to start again, with the same id.
const OFFER_AFTER_MS: f64 = 30_000.0;

/// A start that is not answered yet. Times are milliseconds of one clock.
#[derive(Debug, Clone, PartialEq, Serialize, FromJson)]
pub(crate) struct Starting {
    /// The job's id, minted by this page.
    pub(crate) job: JobId,
    /// The request.
    pub(crate) request: StartJob,
    /// Whether the job is to be cancelled once it exists.
    pub(crate) cancel: bool,
    /// The state of the start.
    #[serde(skip)]
    pub(crate) phase: StartPhase,
    /// Calls made since the last click on the button.
    #[serde(skip)]
    tries: i32,
    #[serde(skip)]
    since: f64,
}

/// The state of an unanswered start.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum StartPhase {
    /// A call is under way.
    #[default]
    Calling,
    /// The call failed on its way; the next goes out at this time.
    Waiting(f64),
    /// There was no answer for 30 s, so the user decides about the next call.
    Offered,
}

impl Starting {
    /// A start whose first call goes out now.
    pub(crate) fn new(job: JobId, request: StartJob, now: f64) -> Self {
        Starting { job, request, cancel: false, phase: StartPhase::Calling, tries: 1, since: now }
    }

    /// Begins again, because the user asked to or the page was reloaded: a call goes out now.
    pub(crate) fn again(&mut self, now: f64) {
        self.phase = StartPhase::Calling;
        self.tries = 1;
        self.since = now;
    }

    /// Takes in a failed call. Returns whether the start is still to be repeated, which depends on the error.
    pub(crate) fn failed(&mut self, now: f64, error: &ApiError) -> bool {
        self.phase = if now >= self.since + OFFER_AFTER_MS {
            StartPhase::Offered
        } else {
            // After 1 s, 2 s, and then every 4 s, so that a server that is back soon gets the call.
            StartPhase::Waiting(now + 1_000.0 * 2f64.powi((self.tries - 1).min(2)))
        };
        error.may_pass()
    }

    /// Whether a call must go out now. A call that has neither been answered nor failed in time is offered to the
    /// user too; its answer still counts if it comes, because a large request over a slow link takes time.
    pub(crate) fn due(&mut self, now: f64) -> bool {
        match self.phase {
            StartPhase::Offered => false,
            _ if now >= self.since + OFFER_AFTER_MS => {
                self.phase = StartPhase::Offered;
                false
            }
            StartPhase::Waiting(at) if now >= at => {
                self.phase = StartPhase::Calling;
                self.tries += 1;
                true
            }
            StartPhase::Waiting(_) | StartPhase::Calling => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starting() -> Starting {
        let request = r#"{"library":"l","recipe":"checksum","query":{"folder":{}}}"#;
        Starting::new(JobId::mint(1, [1; 10]), serde_json::from_str(request).expect("a request"), 0.0)
    }

    fn lost() -> ApiError {
        ApiError::Unreachable { message: "gone".into() }
    }

    #[test]
    fn a_failed_call_is_repeated_at_least_every_4_seconds_and_offered_after_30() {
        let mut start = starting();
        let mut calls = Vec::new();
        assert!(start.failed(0.0, &lost()));
        for tenth in 0..400 {
            let now = f64::from(tenth) * 100.0;
            if start.due(now) {
                calls.push(now);
                start.failed(now, &lost());
            }
        }
        assert_eq!(calls, [1_000.0, 3_000.0, 7_000.0, 11_000.0, 15_000.0, 19_000.0, 23_000.0, 27_000.0]);
        assert_eq!(start.phase, StartPhase::Offered);
        start.again(50_000.0);
        assert_eq!(start.phase, StartPhase::Calling);
    }

    #[test]
    fn a_call_that_never_ends_is_offered_again_after_30_seconds() {
        let mut start = starting();
        assert!(!start.due(29_900.0));
        assert_eq!(start.phase, StartPhase::Calling);
        assert!(!start.due(30_000.0));
        assert_eq!(start.phase, StartPhase::Offered);
        // The next click has its own 30 s.
        start.again(50_000.0);
        assert!(!start.due(79_900.0));
        assert_eq!(start.phase, StartPhase::Calling);
    }

    #[test]
    fn a_call_that_cannot_succeed_is_not_repeated() {
        assert!(!starting().failed(0.0, &ApiError::invalid("the selection is empty")));
    }
}
