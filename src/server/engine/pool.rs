//! The threads that work on items: as many as the server's limit says, and no more.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::schedule::WorkOutcome;
use super::work::Which;

/// An attempt that waits for its thread longer than this is given back.
const PATIENCE: Duration = Duration::from_millis(100);

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct Ended {
    /// Which.
    pub(super) which: Which,
    /// How.
    pub(super) outcome: WorkOutcome,
    /// How long it took; `None` if it never began.
    pub(super) took: Option<Duration>,
}

/// The way to the threads. Cheap to clone; they end when the last one is dropped.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    /// Closes the queue when the last of them is dropped.
    _open: Arc<Open>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    ended: mpsc::UnboundedSender<Ended>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    limit: usize,
    /// The numbers of the threads, from 1.
    threads: BTreeSet<u32>,
    idle: usize,
    closed: bool,
}

/// An attempt that is to be made.
pub(super) struct Task {
    which: Which,
    since: Instant,
    work: Box<dyn FnOnce(u32) -> WorkOutcome + Send>,
}

impl Task {
    /// An attempt that this makes, given its thread's number.
    pub(super) fn new(which: Which, work: impl FnOnce(u32) -> WorkOutcome + Send + 'static) -> Self {
        Task { which, since: Instant::now(), work: Box::new(work) }
    }
}

struct Open(Arc<Shared>);

impl Pool {
    /// A pool of so many threads, which are started as they are needed, and where its attempts' ends are told.
    pub(super) fn new(limit: usize) -> (Self, mpsc::UnboundedReceiver<Ended>) {
        let (ended, receiver) = mpsc::unbounded_channel();
        let state = Mutex::new(State { limit, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new(), ended });
        (Pool { _open: Arc::new(Open(Arc::clone(&shared))), shared }, receiver)
    }

    /// Has attempts made, each as soon as a thread is free.
    pub(super) fn push(&self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.shared.state();
        state.queue.extend(tasks);
        self.shared.tend(&mut state);
    }

    /// An attempt that needs no thread to be over.
    pub(super) fn end(&self, which: Which, outcome: WorkOutcome) {
        self.shared.ended.send(Ended { which, outcome, took: None }).ok();
    }

    /// From now on so many threads.
    pub(super) fn set_limit(&self, limit: usize) {
        let mut state = self.shared.state();
        state.limit = limit;
        self.shared.tend(&mut state);
        // Who is too many goes.
        self.shared.changed.notify_all();
    }

    /// Gives back what has not begun, of these attempts.
    pub(super) fn give_back(&self, of: impl Fn(&Which) -> bool) {
        self.take_out(|task| of(&task.which));
    }

    /// Gives back what waits for too long, as when all threads work on slower items.
    pub(super) fn give_back_late(&self) {
        self.take_out(|task| task.since.elapsed() > PATIENCE);
    }

    fn take_out(&self, which: impl Fn(&Task) -> bool) {
        let mut given = Vec::new();
        self.shared.state().queue.retain(|task| {
            let back = which(task);
            given.extend(back.then_some(task.which));
            !back
        });
        given.into_iter().for_each(|which| self.end(which, WorkOutcome::Stopped));
    }
}

impl Shared {
    /// Nothing that a thread could panic in is done under the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes threads for what waits, or starts some. One that cannot be started is tried again with the next attempts.
    fn tend(self: &Arc<Self>, state: &mut State) {
        // One that was woken a moment ago still counts as idle, and what it was woken for as waiting.
        (0..state.queue.len().min(state.idle)).for_each(|_| self.changed.notify_one());
        for _ in state.idle..state.queue.len() {
            if state.threads.len() >= state.limit {
                break;
            }
            let shared = Arc::clone(self);
            let Some(number) = (1..).find(|number| !state.threads.contains(number)) else { break };
            match std::thread::Builder::new().name("worker".into()).spawn(move || shared.work(number)) {
                Ok(_) => drop(state.threads.insert(number)),
                Err(error) => {
                    tracing::error!(%error, "a worker's thread cannot be started");
                    break;
                }
            }
        }
    }

    fn work(&self, number: u32) {
        let mut state = self.state();
        loop {
            if state.threads.len() > state.limit || state.closed && state.queue.is_empty() {
                state.threads.remove(&number);
                return;
            }
            let Some(Task { which, work, .. }) = state.queue.pop_front() else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            drop(state);
            let begun = Instant::now();
            let outcome = work(number);
            self.ended.send(Ended { which, outcome, took: Some(begun.elapsed()) }).ok();
            state = self.state();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::model::JobId;

    fn which(item: u32) -> Which {
        Which { job: JobId::mint(1, [1; 10]), item, attempt: 1 }
    }

    #[test]
    fn no_more_work_at_once_than_the_limit_says_and_what_waits_can_be_given_back() {
        let (pool, mut ends) = Pool::new(2);
        let (begun, begins) = channel();
        let mut releases = Vec::new();
        for item in 0..4 {
            let (release, released) = channel::<()>();
            releases.push(release);
            let begun = begun.clone();
            pool.push([Task::new(which(item), move |number| {
                begun.send((item, number)).ok();
                released.recv().ok();
                WorkOutcome::Lost
            })]);
        }
        let mut at_work = [begins.recv().expect("one"), begins.recv().expect("another")];
        at_work.sort_unstable();
        let mut numbers = at_work.map(|(_, number)| number);
        numbers.sort_unstable();
        assert_eq!((at_work.map(|(item, _)| item), numbers), ([0, 1], [1, 2]));
        pool.give_back(|which| which.item == 3);
        let given = ends.blocking_recv().expect("the one that was given back");
        assert_eq!((given.which.item, given.outcome, given.took), (3, WorkOutcome::Stopped, None));
        // A third thread, as soon as there may be one.
        pool.set_limit(3);
        assert_eq!(begins.recv().expect("the third"), (2, 3));
        drop(releases);
        let mut ended: Vec<_> = (0..3)
            .map(|_| ends.blocking_recv().expect("an end"))
            .map(|end| (end.which.item, end.took.is_some()))
            .collect();
        ended.sort_unstable();
        assert_eq!(ended, [(0, true), (1, true), (2, true)]);
        drop(pool);
        assert!(ends.blocking_recv().is_none(), "the threads are gone");
    }

    #[test]
    fn all_threads_work_as_soon_as_there_is_work_for_all() {
        let (pool, mut ends) = Pool::new(3);
        pool.push([Task::new(which(0), |_| WorkOutcome::Lost)]);
        ends.blocking_recv().expect("an end");
        // One thread is idle, or about to be; three attempts must be under way at once.
        let together = Arc::new(std::sync::Barrier::new(3));
        let task = |item| {
            let together = Arc::clone(&together);
            Task::new(which(item), move |_| {
                together.wait();
                WorkOutcome::Lost
            })
        };
        pool.push([task(1)]);
        pool.push([task(2), task(3)]);
        for _ in 0..3 {
            assert_eq!(ends.blocking_recv().expect("an end").outcome, WorkOutcome::Lost);
        }
    }

    #[test]
    fn what_waits_for_too_long_is_given_back() {
        let (pool, mut ends) = Pool::new(1);
        let (release, released) = channel::<()>();
        let first = move |_| {
            released.recv().ok();
            WorkOutcome::Lost
        };
        pool.push([Task::new(which(0), first), Task::new(which(1), |_| WorkOutcome::Lost)]);
        let given = loop {
            pool.give_back_late();
            match ends.try_recv() {
                Ok(ended) => break ended,
                Err(_) => std::thread::yield_now(),
            }
        };
        assert_eq!((given.which.item, given.outcome), (1, WorkOutcome::Stopped));
        drop(release);
    }
}
