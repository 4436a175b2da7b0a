//! The attempts under way and what they wait for. Shown to people, never recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headway_model::id::JobId;
use headway_model::message::RunningItem;
use headway_recipes::{Attempt, Progress, StopReason};

/// The most attempts of one job that are shown.
const SHOWN: usize = 64;

/// The table of attempts under way. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Running {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    attempts: BTreeMap<(JobId, u32), State>,
    /// The queued jobs, next first.
    queue: Vec<JobId>,
}

enum State {
    /// No worker has it, or its file is not open yet. `stopped` if a stop was requested meanwhile.
    Claimed { stopped: bool },
    /// A worker processes it.
    Working(Arc<Attempt>),
}

impl Running {
    /// Never held across an await, so a plain mutex does.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, job: JobId, item: u32) {
        self.table().attempts.insert((job, item), State::Claimed { stopped: false });
    }

    pub(super) fn working(&self, job: JobId, item: u32, attempt: &Arc<Attempt>) {
        let mut table = self.table();
        let Some(state) = table.attempts.get_mut(&(job, item)) else { return };
        let before = std::mem::replace(state, State::Working(Arc::clone(attempt)));
        if matches!(before, State::Claimed { stopped: true }) {
            attempt.stop(StopReason::Asked);
        }
    }

    pub(super) fn stop(&self, job: JobId, item: u32) {
        match self.table().attempts.get_mut(&(job, item)) {
            Some(State::Claimed { stopped }) => *stopped = true,
            Some(State::Working(attempt)) => attempt.stop(StopReason::Asked),
            None => {}
        }
    }

    pub(super) fn end(&self, job: JobId, item: u32) {
        self.table().attempts.remove(&(job, item));
    }

    /// Stops attempts that exceed their job's time limit.
    pub(super) fn end_late(&self, limit: impl Fn(JobId) -> Option<Duration>) {
        for ((job, _), state) in &self.table().attempts {
            if let State::Working(attempt) = state
                && limit(*job).is_some_and(|limit| attempt.elapsed() > limit)
            {
                attempt.stop(StopReason::Timeout);
            }
        }
    }

    /// Attempts that were asked to end longer ago than `grace` says of their job, and have not: at most so many are written off, unless
    /// their output is being put into place.
    pub(super) fn write_off(&self, most: usize, grace: impl Fn(JobId) -> Duration) -> Vec<Arc<Attempt>> {
        let table = self.table();
        let working = table.attempts.values().filter_map(|state| match state {
            State::Working(attempt) => Some(attempt),
            State::Claimed { .. } => None,
        });
        let overdue = working.filter(|attempt| attempt.stopped_for().is_some_and(|since| since > grace(attempt.job)));
        // As an iterator it stops before it says so of one too many.
        overdue.filter(|attempt| attempt.write_off()).take(most).cloned().collect()
    }

    /// Whether nothing runs.
    pub(super) fn is_empty(&self) -> bool {
        self.table().attempts.is_empty()
    }

    pub(super) fn queue(&self, queue: Vec<JobId>) {
        self.table().queue = queue;
    }

    /// A queued job's place in the queue, from 1.
    pub(crate) fn place_of(&self, job: JobId) -> Option<usize> {
        self.table().queue.iter().position(|queued| *queued == job).map(|at| at + 1)
    }

    /// The attempts under way of one job.
    pub(crate) fn of(&self, job: JobId) -> Vec<RunningItem> {
        let table = self.table();
        let states = table.attempts.range((job, 0)..=(job, u32::MAX)).take(SHOWN);
        states
            .filter_map(|((_, item), state)| match state {
                State::Claimed { .. } => None,
                State::Working(attempt) => {
                    let (done, total, percent) = match attempt.progress() {
                        Progress::Bytes(done) => (done, attempt.total, None),
                        Progress::Said(percent) => (0, 0, percent),
                    };
                    Some(RunningItem {
                        item: *item,
                        attempt: attempt.number,
                        path: attempt.path.clone(),
                        done,
                        total,
                        percent,
                        waits_for: attempt.waiting_for(),
                    })
                }
            })
            .collect()
    }
}
