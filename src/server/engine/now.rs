//! What runs at this moment: the one thing that is shown but is no fact.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::id::JobId;
use crate::model::message::RunningItem;
use crate::server::recipes::Attempt;

/// The most attempts that are told of a job.
const MOST: usize = 64;

/// The table of attempts under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct Running {
    table: Arc<Mutex<BTreeMap<(JobId, u32), Slot>>>,
}

enum Slot {
    /// Its file is not open yet; whether it was asked to end.
    Claimed { stopped: bool },
    /// It works.
    Working(Arc<Attempt>),
}

impl Running {
    /// Never held across an await, so a plain mutex does.
    fn table(&self) -> MutexGuard<'_, BTreeMap<(JobId, u32), Slot>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, job: JobId, item: u32, _attempt: u32) {
        self.table().insert((job, item), Slot::Claimed { stopped: false });
    }

    pub(super) fn working(&self, job: JobId, item: u32, attempt: &Arc<Attempt>) {
        let mut table = self.table();
        if let Some(Slot::Claimed { stopped: true }) = table.insert((job, item), Slot::Working(Arc::clone(attempt))) {
            attempt.stop();
        }
    }

    pub(super) fn stop(&self, job: JobId, item: u32) {
        match self.table().get_mut(&(job, item)) {
            Some(Slot::Claimed { stopped }) => *stopped = true,
            Some(Slot::Working(attempt)) => attempt.stop(),
            None => {}
        }
    }

    pub(super) fn end(&self, job: JobId, item: u32) {
        self.table().remove(&(job, item));
    }

    /// What runs of a job.
    pub fn of(&self, job: JobId) -> Vec<RunningItem> {
        let table = self.table();
        let slots = table.range((job, 0)..=(job, u32::MAX)).take(MOST);
        slots
            .filter_map(|((_, item), slot)| match slot {
                Slot::Claimed { .. } => None,
                Slot::Working(attempt) => Some(RunningItem {
                    item: *item,
                    attempt: attempt.number,
                    path: attempt.path.clone(),
                    done: attempt.done(),
                    total: attempt.total,
                }),
            })
            .collect()
    }
}
