//! The worker threads: as many as the server's limit allows, started when there is work.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::attempt_id::AttemptId;
use super::schedule::WorkOutcome;

/// An attempt that waits for its thread longer than this is given back.
const GIVE_BACK_AFTER: Duration = Duration::from_millis(100);

/// The most threads that can be written off; further ones are waited for.
const MOST_LOST: usize = 64;

/// How many quick attempts one thread completes before a second thread would have woken.
const QUICK_PER_WAKE: usize = 4;

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct Ended {
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
    shared: Arc<Shared>,
    /// Closes the queue when the last handle is dropped.
    _open: Arc<Open>,
}

struct Shared {
    state: Mutex<State>,
    /// Signals threads that there might be work, or too many of them.
    changed: Condvar,
    /// Signals that ends are ready to be collected.
    told: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    ended: Vec<Ended>,
    /// How many quick attempts wait or run.
    quick: usize,
    limit: usize,
    /// How many threads there can be beyond the limit, because as many hang.
    spare: usize,
    threads: usize,
    idle: usize,
    /// The slot numbers of running attempts, from 1.
    numbers: BTreeSet<u32>,
    /// Attempts that threads are at, each by a ticket of its own: an attempt's name can come again.
    running: HashMap<AttemptId, u64>,
    given: u64,
    /// The tickets of running attempts that were written off. Their threads end with them.
    lost: HashSet<u64>,
    closed: bool,
}

/// An attempt to make.
pub(super) struct Task {
    which: AttemptId,
    since: Instant,
    /// Whether its end can be signalled together with others.
    quick: bool,
    work: Box<dyn FnOnce(u32) -> WorkOutcome + Send>,
}

impl Task {
    /// `work` makes the attempt; it receives the slot number among those running at the same time. `quick` says whether it is
    /// expected to be quick.
    pub(super) fn new(which: AttemptId, quick: bool, work: impl FnOnce(u32) -> WorkOutcome + Send + 'static) -> Self {
        Task { which, since: Instant::now(), quick, work: Box::new(work) }
    }
}

struct Open(Arc<Shared>);

impl Pool {
    /// A pool of at most `limit` threads, started as they are needed.
    pub(super) fn new(limit: usize) -> Self {
        let state = Mutex::new(State { limit, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), told: Notify::new() });
        Pool { _open: Arc::new(Open(Arc::clone(&shared))), shared }
    }

    /// Queues attempts. Each runs as soon as a thread is free.
    pub(super) fn push(&self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.shared.state();
        for task in tasks {
            state.quick += usize::from(task.quick);
            state.queue.push_back(task);
        }
        self.shared.tend(&mut state);
    }

    /// Ends an attempt that never needs a thread.
    pub(super) fn end(&self, which: AttemptId, outcome: WorkOutcome) {
        self.shared.state().ended.push(Ended { which, outcome, took: None });
        self.shared.told.notify_one();
    }

    /// Ends an attempt whose thread does not come back, as from a read of storage that is gone. Another thread takes its place, and
    /// whatever it comes to later is thrown away. One that has ended meanwhile has its own end.
    pub(super) fn write_off(&self, which: AttemptId, outcome: WorkOutcome) {
        let mut state = self.shared.state();
        let Some(ticket) = state.running.remove(&which) else { return };
        state.lost.insert(ticket);
        state.threads -= 1;
        state.ended.push(Ended { which, outcome, took: None });
        self.shared.tend(&mut state);
        drop(state);
        self.shared.told.notify_one();
    }

    /// How many more attempts can be written off.
    pub(super) fn may_lose(&self) -> usize {
        MOST_LOST.saturating_sub(self.shared.state().lost.len())
    }

    /// Waits until there are [ends](Pool::ends) to collect. Those of quick attempts are signalled in groups.
    pub(super) async fn told(&self) {
        self.shared.told.notified().await;
    }

    /// Takes the ends of attempts since the last call.
    pub(super) fn ends(&self) -> Vec<Ended> {
        std::mem::take(&mut self.shared.state().ended)
    }

    /// Whether there might be ends that [`Pool::told`] has not signalled yet.
    pub(super) fn gathers(&self) -> bool {
        self.shared.state().quick > 0
    }

    /// Wakes a thread for every waiting attempt. When no [ends](Pool::ends) arrive, the quick attempts are not that quick.
    pub(super) fn rouse(&self) {
        let mut state = self.shared.state();
        let wanted = state.queue.len();
        self.shared.wake(&mut state, wanted);
    }

    /// Changes the number of threads.
    pub(super) fn set_limit(&self, limit: usize) {
        let mut state = self.shared.state();
        state.limit = limit;
        self.shared.tend(&mut state);
        // Surplus threads end.
        self.shared.changed.notify_all();
    }

    /// So many threads hang on storage, and others take their place as long as they do.
    pub(super) fn set_spare(&self, spare: usize) {
        let mut state = self.shared.state();
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

    fn take_out(&self, which: impl Fn(&Task) -> bool) {
        let mut state = self.shared.state();
        let State { queue, ended, quick, .. } = &mut *state;
        let before = queue.len();
        queue.retain(|task| {
            let back = which(task);
            *quick -= usize::from(back && task.quick);
            ended.extend(back.then_some(Ended { which: task.which, outcome: WorkOutcome::Stopped, took: None }));
            !back
        });
        if queue.len() < before {
            self.shared.told.notify_one();
        }
    }
}

impl Shared {
    /// Nothing under the lock can panic, so a poisoned lock is still sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes or starts threads for what waits. If a thread cannot be started, the next attempts try again.
    fn tend(self: &Arc<Self>, state: &mut State) {
        let quick = state.queue.iter().filter(|task| task.quick).count();
        self.wake(state, state.queue.len() - quick + quick.div_ceil(QUICK_PER_WAKE));
    }

    fn wake(self: &Arc<Self>, state: &mut State, wanted: usize) {
        // A thread woken a moment ago still counts as idle, and the attempt it was woken for as waiting.
        (0..wanted.min(state.idle)).for_each(|_| self.changed.notify_one());
        for _ in state.idle..wanted {
            if state.threads >= state.limit + state.spare {
                break;
            }
            let shared = Arc::clone(self);
            match std::thread::Builder::new().name("worker".into()).spawn(move || shared.work()) {
                Ok(_) => state.threads += 1,
                Err(error) => {
                    tracing::error!(%error, "a worker's thread cannot be started");
                    break;
                }
            }
        }
    }

    fn work(&self) {
        let mut last = None;
        while let Some((place, Task { which, quick, work, .. })) = self.next(last) {
            let begun = Instant::now();
            let outcome = work(place.number);
            last = Some((place, quick, Ended { which, outcome, took: Some(begun.elapsed()) }));
        }
    }

    /// Stores the end of a thread's last attempt and waits for its next one, with its slot number; `None` if the thread must end.
    fn next(&self, last: Option<(Place, bool, Ended)>) -> Option<(Place, Task)> {
        let mut state = self.state();
        if let Some((place, quick, _)) = &last
            && state.lost.remove(&place.ticket)
        {
            state.numbers.remove(&place.number);
            state.quick -= usize::from(*quick);
            return None;
        }
        let mut tell = last.is_some_and(|(place, quick, ended)| state.end(place.number, quick, ended));
        loop {
            let over = state.threads > state.limit + state.spare || state.closed && state.queue.is_empty();
            let next = if over { None } else { state.begin() };
            state.threads -= usize::from(over);
            if over || next.is_some() {
                drop(state);
                if tell {
                    self.told.notify_one();
                }
                return next;
            }
            if std::mem::take(&mut tell) {
                self.told.notify_one();
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

/// Which attempt a thread is at.
struct Place {
    /// Its number among those that run at the same time, from 1.
    number: u32,
    /// Its number among all that ever ran.
    ticket: u64,
}

impl State {
    /// The next attempt, with the lowest free slot number.
    fn begin(&mut self) -> Option<(Place, Task)> {
        let task = self.queue.pop_front()?;
        let number = (1..).find(|number| !self.numbers.contains(number))?;
        self.numbers.insert(number);
        self.given += 1;
        self.running.insert(task.which, self.given);
        Some((Place { number, ticket: self.given }, task))
    }

    /// Stores an end; whether to signal it now. Each signal costs a thread switch on both sides, so the ends of quick attempts are
    /// signalled in groups while more attempts wait.
    fn end(&mut self, number: u32, quick: bool, ended: Ended) -> bool {
        self.numbers.remove(&number);
        self.running.remove(&ended.which);
        self.ended.push(ended);
        self.quick -= usize::from(quick);
        !quick || self.ended.len() * 3 >= self.queue.len()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
