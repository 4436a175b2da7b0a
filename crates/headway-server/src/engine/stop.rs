//! Asks a step that is not about one item to end: a preparation, a listing, the last step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};

use headway_recipes::Unable;

/// How long a step, or an attempt whose changes are all recorded first, has to end after it was asked to. One that takes
/// longer waits for storage that does not answer, or is very slow.
pub(super) const GRACE: Duration = Duration::from_secs(4);

/// Asks a step to end. Cheap to clone; all clones belong to the same step.
#[derive(Clone, Default)]
pub(super) struct StepStop {
    flag: Arc<AtomicBool>,
    asked: Arc<Notify>,
}

/// Why a step was not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepFailure {
    /// It cannot be done.
    Unable(Unable),
    /// It was stopped, because nobody waits for it any longer.
    Stopped,
}

/// Why a job's last step was not completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FinishFailure {
    /// It was not run, because the job found none of the files that it asked for. The text says which.
    NoMatch(String),
    /// As any other step.
    Step(StepFailure),
}

impl From<StepFailure> for FinishFailure {
    fn from(why: StepFailure) -> Self {
        FinishFailure::Step(why)
    }
}

impl From<Unable> for FinishFailure {
    fn from(why: Unable) -> Self {
        FinishFailure::Step(why.into())
    }
}

impl From<Unable> for StepFailure {
    fn from(why: Unable) -> Self {
        StepFailure::Unable(why)
    }
}

impl StepStop {
    /// Asks it to end.
    pub(super) fn ask(&self) {
        self.flag.store(true, Ordering::Relaxed);
        self.asked.notify_waiters();
    }

    /// Whether it was asked to end.
    pub(super) fn is_asked(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// A failure if it was asked to end.
    pub(super) fn check_wanted(&self) -> Result<(), StepFailure> {
        if self.is_asked() { Err(StepFailure::Stopped) } else { Ok(()) }
    }

    /// The flag that the step itself checks.
    pub(super) fn flag(&self) -> &Arc<AtomicBool> {
        &self.flag
    }

    /// Returns once the step's grace time has passed since it was asked to end. A step that has not ended by then
    /// hangs on storage: nobody waits for it any longer, and its thread ends when the storage answers.
    pub(super) async fn overdue(&self) {
        let asked = self.asked.notified();
        if !self.is_asked() {
            asked.await;
        }
        tokio::time::sleep(GRACE).await;
    }

    /// Waits for a blocking part of the step; `None` if it is [`overdue`](StepStop::overdue).
    pub(super) async fn wait_for<T>(&self, part: JoinHandle<T>) -> Option<Result<T, JoinError>> {
        tokio::select! {
            ended = part => Some(ended),
            () = self.overdue() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn a_step_that_was_asked_to_end_is_waited_for_no_longer_than_its_grace() {
        let stop = StepStop::default();
        let hangs = || tokio::spawn(std::future::pending::<()>());
        let waits = |stop: StepStop, part| async move { stop.wait_for(part).await.is_none() };
        let before = tokio::spawn(waits(stop.clone(), hangs()));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!before.is_finished(), "nobody asked");
        stop.ask();
        let begun = Instant::now();
        assert!(matches!(stop.wait_for(tokio::spawn(async { 7 })).await, Some(Ok(7))));
        // The second part begins only after the stop.
        let (before, after) = tokio::join!(before, waits(stop.clone(), hangs()));
        assert!(before.expect("no panic") && after);
        assert!(begun.elapsed() >= GRACE, "each has its time");
    }
}
