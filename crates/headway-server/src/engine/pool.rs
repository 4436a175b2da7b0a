//! The worker threads: as many as the server's limit allows, started when there is work.

mod threads;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use super::attempt_id::AttemptId;
use super::schedule::WorkOutcome;

/// An attempt that waits for its thread longer than this is given back.
const GIVE_BACK_AFTER: Duration = Duration::from_millis(100);

/// The most threads that can be written off; further ones are waited for.
const LOST_LIMIT: usize = 64;

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct EndedAttempt {
    /// Which attempt.
    pub(super) which: AttemptId,
    /// How it ended.
    pub(super) outcome: WorkOutcome,
    /// How long it took; `None` if it never began.
    pub(super) took: Option<Duration>,
}

/// A handle to the threads. Cheap to clone; they end when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<SharedPool>,
    /// Closes the queue when the last handle is dropped.
    _open: Arc<Open>,
}

struct SharedPool {
    state: Mutex<PoolState>,
    /// Signals threads that there might be work, or too many of them.
    changed: Condvar,
    /// Signals that ends are ready to be collected.
    reported: Notify,
}

#[derive(Default)]
struct PoolState {
    queue: VecDeque<AttemptTask>,
    ended: Vec<EndedAttempt>,
    /// How many brief attempts wait or run.
    brief: usize,
    limit: usize,
    /// How many threads there can be beyond the limit, because as many hang.
    spare: usize,
    threads: usize,
    idle: usize,
    /// The slot numbers of running attempts, from 1.
    numbers: BTreeSet<u32>,
    /// The attempts that threads are running, each with a unique ticket, because an attempt's id can come again.
    running: HashMap<AttemptId, u64>,
    given: u64,
    /// The tickets of running attempts that were written off. Their threads end with them.
    lost: HashSet<u64>,
    closed: bool,
}

/// An attempt to make.
pub(super) struct AttemptTask {
    which: AttemptId,
    since: Instant,
    /// Whether its end can be signalled together with others.
    brief: bool,
    work: Box<dyn FnOnce(u32) -> WorkOutcome + Send>,
}

impl AttemptTask {
    /// `work` makes the attempt; it receives the slot number among those running at the same time. `brief` says whether it is
    /// expected to be brief.
    pub(super) fn new(which: AttemptId, brief: bool, work: impl FnOnce(u32) -> WorkOutcome + Send + 'static) -> Self {
        AttemptTask { which, since: Instant::now(), brief, work: Box::new(work) }
    }
}

struct Open(Arc<SharedPool>);

impl Pool {
    /// A pool of at most `limit` threads, started as they are needed.
    pub(super) fn new(limit: usize) -> Self {
        let state = Mutex::new(PoolState { limit, ..PoolState::default() });
        let shared = Arc::new(SharedPool { state, changed: Condvar::new(), reported: Notify::new() });
        Pool { _open: Arc::new(Open(Arc::clone(&shared))), shared }
    }

    /// Queues attempts. Each runs as soon as a thread is free.
    pub(super) fn push(&self, tasks: impl IntoIterator<Item = AttemptTask>) {
        let mut state = self.shared.state.lock();
        for task in tasks {
            state.brief += usize::from(task.brief);
            state.queue.push_back(task);
        }
        self.shared.tend(&mut state);
    }

    /// Ends an attempt that never needs a thread.
    pub(super) fn end(&self, which: AttemptId, outcome: WorkOutcome) {
        self.shared.state.lock().ended.push(EndedAttempt { which, outcome, took: None });
        self.shared.reported.notify_one();
    }

    /// Ends an attempt whose thread does not return, for example from a read of storage that is gone. Another thread
    /// takes its place, and any later result of the lost thread is discarded. If the attempt has ended in the
    /// meantime, its own end counts.
    pub(super) fn write_off(&self, which: AttemptId, outcome: WorkOutcome) {
        let mut state = self.shared.state.lock();
        let Some(ticket) = state.running.remove(&which) else { return };
        state.lost.insert(ticket);
        state.threads -= 1;
        state.ended.push(EndedAttempt { which, outcome, took: None });
        self.shared.tend(&mut state);
        drop(state);
        self.shared.reported.notify_one();
    }

    /// How many more attempts can be written off.
    pub(super) fn may_lose(&self) -> usize {
        LOST_LIMIT.saturating_sub(self.shared.state.lock().lost.len())
    }

    /// Waits until there are [ends](Pool::ends) to collect. Those of brief attempts are signalled in groups.
    pub(super) async fn ended(&self) {
        self.shared.reported.notified().await;
    }

    /// Takes the ends of attempts since the last call.
    pub(super) fn ends(&self) -> Vec<EndedAttempt> {
        std::mem::take(&mut self.shared.state.lock().ended)
    }

    /// Whether there might be ends that [`Pool::ended`] has not signalled yet.
    pub(super) fn gathers(&self) -> bool {
        self.shared.state.lock().brief > 0
    }

    /// Wakes a thread for every waiting attempt. When no [ends](Pool::ends) arrive, the brief attempts are not that brief.
    pub(super) fn rouse(&self) {
        let mut state = self.shared.state.lock();
        let wanted = state.queue.len();
        self.shared.wake(&mut state, wanted);
    }

    /// Changes the number of threads.
    pub(super) fn set_limit(&self, limit: usize) {
        let mut state = self.shared.state.lock();
        state.limit = limit;
        self.shared.tend(&mut state);
        // Surplus threads end.
        self.shared.changed.notify_all();
    }

    /// Sets how many threads hang on storage. As long as they hang, the same number of extra threads takes their
    /// place.
    pub(super) fn set_spare(&self, spare: usize) {
        let mut state = self.shared.state.lock();
        state.spare = spare;
        self.shared.tend(&mut state);
        self.shared.changed.notify_all();
    }

    /// Gives back those of these attempts that have not begun.
    pub(super) fn give_back(&self, of: impl Fn(&AttemptId) -> bool) {
        self.take_out(|task| of(&task.which));
    }

    /// Gives back attempts that have waited too long, as when all threads are busy with slower items.
    pub(super) fn give_back_late(&self) {
        self.take_out(|task| task.since.elapsed() > GIVE_BACK_AFTER);
    }

    fn take_out(&self, which: impl Fn(&AttemptTask) -> bool) {
        let mut state = self.shared.state.lock();
        let PoolState { queue, ended, brief, .. } = &mut *state;
        let before = queue.len();
        queue.retain(|task| {
            let back = which(task);
            *brief -= usize::from(back && task.brief);
            ended.extend(back.then_some(EndedAttempt { which: task.which, outcome: WorkOutcome::Stopped, took: None }));
            !back
        });
        if queue.len() < before {
            self.shared.reported.notify_one();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state.lock().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
