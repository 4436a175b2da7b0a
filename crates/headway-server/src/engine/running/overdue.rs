//! Attempts that take too long: stopped by their time limit, written off once nobody waits for them, or seen to hang.

use std::collections::BTreeMap;
use std::time::Duration;

use super::RunningAttempts;
use super::state::AttemptState;
use crate::engine::attempt_id::AttemptId;
use headway_model::RelPath;
use headway_model::id::JobId;
use headway_recipes::StopReason;

/// An attempt for which nobody waits any longer.
pub(in crate::engine) struct WrittenOff {
    pub(in crate::engine) which: AttemptId,
    /// How long it had worked.
    pub(in crate::engine) elapsed: Duration,
    /// Whether it took longer than allowed.
    pub(in crate::engine) is_late: bool,
    /// Whether its work had begun.
    pub(in crate::engine) had_begun: bool,
    /// The paths of its file and of its output; none if its work had not begun.
    pub(in crate::engine) paths: Vec<RelPath>,
}

impl RunningAttempts {
    /// Stops attempts that exceed their job's time limit.
    pub(in crate::engine) fn end_late(&self, limit: impl Fn(JobId) -> Option<Duration>) {
        for ((job, _), state) in &mut self.table.lock().attempts {
            let is_late = |elapsed| limit(*job).is_some_and(|limit| elapsed > limit);
            match state {
                AttemptState::Working(attempt, _) if is_late(attempt.elapsed()) => attempt.stop(StopReason::Timeout),
                AttemptState::Claimed(claimed) if is_late(claimed.elapsed()) => claimed.stop(StopReason::Timeout),
                AttemptState::Working(..) | AttemptState::Claimed(_) => {}
            }
        }
    }

    /// Writes off attempts that have not ended within their grace time after being asked to: at most `most`, and none
    /// whose output is being placed. `grace` returns the grace time of a job's working attempts; an attempt that is
    /// still creating its output's folder has the grace time `short`.
    pub(in crate::engine) fn write_off(
        &self,
        most: usize,
        short: Duration,
        grace: impl Fn(JobId) -> Duration,
    ) -> Vec<WrittenOff> {
        let mut table = self.table.lock();
        let lost = table.attempts.iter_mut().filter_map(|((job, item), state)| match state {
            AttemptState::Working(attempt, _) => {
                let is_overdue = attempt.stopped_for().is_some_and(|since| since > grace(*job));
                (is_overdue && attempt.write_off()).then(|| WrittenOff {
                    which: AttemptId { job: *job, item: *item, attempt: attempt.number },
                    elapsed: attempt.elapsed(),
                    is_late: attempt.is_late(),
                    had_begun: true,
                    paths: attempt.paths().cloned().collect(),
                })
            }
            AttemptState::Claimed(claimed) => {
                let (since, reason) = claimed.stopped?;
                claimed.taken?;
                let is_overdue = !claimed.is_lost && since.elapsed() > short;
                claimed.is_lost |= is_overdue;
                is_overdue.then(|| WrittenOff {
                    which: AttemptId { job: *job, item: *item, attempt: claimed.number },
                    elapsed: claimed.elapsed(),
                    is_late: reason == StopReason::Timeout,
                    had_begun: false,
                    paths: Vec::new(),
                })
            }
        });
        // Lazy, so that no attempt beyond `most` is marked as lost.
        lost.take(most).collect()
    }

    /// How many attempts of each job have shown no progress for this long, at most `most` in all. The progress of a
    /// program cannot be seen here, so programs do not count.
    pub(in crate::engine) fn stalled(&self, patience: Duration, most: usize) -> BTreeMap<JobId, usize> {
        let mut stalled = BTreeMap::new();
        let mut table = self.table.lock();
        let hangs = table.attempts.iter_mut().filter_map(|((job, _), state)| state.hangs(patience).then_some(*job));
        hangs.take(most).for_each(|job| *stalled.entry(job).or_default() += 1);
        stalled
    }
}
