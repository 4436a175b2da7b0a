//! What runs at this moment, and what waits for what: shown, but no fact.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::id::JobId;
use crate::model::message::RunningItem;
use crate::server::recipes::{Attempt, Why};

/// The most attempts that are told of a job.
const MOST: usize = 64;

/// The table of attempts under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct Running {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    attempts: BTreeMap<(JobId, u32), Slot>,
    taken: BTreeSet<u32>,
    /// The queued jobs, next first.
    queue: Vec<JobId>,
}

struct Slot {
    /// Of its worker; 0 while none has it.
    number: u32,
    state: State,
}

enum State {
    /// No worker has it, or its file is not open yet; whether it was asked to end.
    Claimed { stopped: bool },
    /// It works.
    Working(Arc<Attempt>),
}

impl Running {
    /// Never held across an await, so a plain mutex does.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, job: JobId, item: u32) {
        self.table().attempts.insert((job, item), Slot { number: 0, state: State::Claimed { stopped: false } });
    }

    /// The number of the worker that takes an item: the lowest that is free, from 1.
    pub(super) fn take(&self, job: JobId, item: u32) -> u32 {
        let mut table = self.table();
        let number = (1..).find(|number| !table.taken.contains(number)).unwrap_or(1);
        if let Some(slot) = table.attempts.get_mut(&(job, item)) {
            slot.number = number;
            table.taken.insert(number);
        }
        number
    }

    pub(super) fn working(&self, job: JobId, item: u32, attempt: &Arc<Attempt>) {
        let mut table = self.table();
        let Some(slot) = table.attempts.get_mut(&(job, item)) else { return };
        let before = std::mem::replace(&mut slot.state, State::Working(Arc::clone(attempt)));
        if matches!(before, State::Claimed { stopped: true }) {
            attempt.stop(Why::Asked);
        }
    }

    pub(super) fn stop(&self, job: JobId, item: u32) {
        match self.table().attempts.get_mut(&(job, item)).map(|slot| &mut slot.state) {
            Some(State::Claimed { stopped }) => *stopped = true,
            Some(State::Working(attempt)) => attempt.stop(Why::Asked),
            None => {}
        }
    }

    pub(super) fn end(&self, job: JobId, item: u32) {
        let mut table = self.table();
        if let Some(slot) = table.attempts.remove(&(job, item)) {
            table.taken.remove(&slot.number);
        }
    }

    /// Ends what took longer than allowed: `limit` says it of a job.
    pub(super) fn end_late(&self, limit: impl Fn(JobId) -> Option<Duration>) {
        for ((job, _), slot) in &self.table().attempts {
            if let State::Working(attempt) = &slot.state
                && limit(*job).is_some_and(|limit| attempt.begun.elapsed() > limit)
            {
                attempt.stop(Why::Timeout);
            }
        }
    }

    /// Whether nothing runs.
    pub(super) fn is_empty(&self) -> bool {
        self.table().attempts.is_empty()
    }

    pub(super) fn queue(&self, queue: Vec<JobId>) {
        self.table().queue = queue;
    }

    /// A queued job's place, from 1.
    pub fn place_of(&self, job: JobId) -> Option<usize> {
        self.table().queue.iter().position(|queued| *queued == job).map(|at| at + 1)
    }

    /// What runs of a job.
    pub fn of(&self, job: JobId) -> Vec<RunningItem> {
        let table = self.table();
        let slots = table.attempts.range((job, 0)..=(job, u32::MAX)).take(MOST);
        slots
            .filter_map(|((_, item), slot)| match &slot.state {
                State::Claimed { .. } => None,
                State::Working(attempt) => Some(RunningItem {
                    item: *item,
                    attempt: attempt.number,
                    path: attempt.path.clone(),
                    done: attempt.done(),
                    total: attempt.total,
                    waits_for: attempt.waiting_for(),
                }),
            })
            .collect()
    }
}
