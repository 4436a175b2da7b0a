//! What the pool's threads do: they wait for attempts, make them, and store their ends.

use std::sync::Arc;
use std::time::Instant;

use super::{AttemptTask, EndedAttempt, PoolState, SharedPool};

/// How many brief attempts one thread completes before a second thread would have woken.
const BRIEF_PER_WAKE: usize = 4;

/// Which attempt a thread is running.
struct Assignment {
    /// Its number among those that run at the same time, from 1.
    number: u32,
    /// Its number among all that ever ran.
    ticket: u64,
}

impl SharedPool {
    /// Wakes or starts threads for what waits. If a thread cannot be started, the next attempts try again.
    pub(super) fn tend(self: &Arc<Self>, state: &mut PoolState) {
        let brief = state.queue.iter().filter(|task| task.brief).count();
        self.wake(state, state.queue.len() - brief + brief.div_ceil(BRIEF_PER_WAKE));
    }

    pub(super) fn wake(self: &Arc<Self>, state: &mut PoolState, wanted: usize) {
        // A thread woken a moment ago still counts as idle, and the attempt it was woken for as waiting.
        for _ in 0..wanted.min(state.idle) {
            self.changed.notify_one();
        }
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
        while let Some((assignment, AttemptTask { which, brief, work, .. })) = self.next(last) {
            let begun = Instant::now();
            let outcome = work(assignment.number);
            last = Some((assignment, brief, EndedAttempt { which, outcome, took: Some(begun.elapsed()) }));
        }
    }

    /// Stores the end of a thread's last attempt and waits for its next one, with its slot number; `None` if the thread must end.
    fn next(&self, last: Option<(Assignment, bool, EndedAttempt)>) -> Option<(Assignment, AttemptTask)> {
        let mut state = self.state.lock();
        if let Some((assignment, brief, _)) = &last
            && state.lost.remove(&assignment.ticket)
        {
            state.numbers.remove(&assignment.number);
            state.brief -= usize::from(*brief);
            return None;
        }
        let mut tell = last.is_some_and(|(assignment, brief, ended)| state.end(assignment.number, brief, ended));
        loop {
            let over = state.threads > state.limit + state.spare || state.closed && state.queue.is_empty();
            let next = if over { None } else { state.begin() };
            state.threads -= usize::from(over);
            if over || next.is_some() {
                drop(state);
                if tell {
                    self.reported.notify_one();
                }
                return next;
            }
            if std::mem::take(&mut tell) {
                self.reported.notify_one();
            }
            state.idle += 1;
            self.changed.wait(&mut state);
            state.idle -= 1;
        }
    }
}

impl PoolState {
    /// The next attempt, with the lowest free slot number.
    fn begin(&mut self) -> Option<(Assignment, AttemptTask)> {
        let task = self.queue.pop_front()?;
        let number = (1..).find(|number| !self.numbers.contains(number))?;
        self.numbers.insert(number);
        self.given += 1;
        self.running.insert(task.which, self.given);
        Some((Assignment { number, ticket: self.given }, task))
    }

    /// Stores an end; whether to signal it now. Each signal costs a thread switch on both sides, so the ends of brief attempts are
    /// signalled in groups while more attempts wait.
    fn end(&mut self, number: u32, brief: bool, ended: EndedAttempt) -> bool {
        self.numbers.remove(&number);
        self.running.remove(&ended.which);
        self.ended.push(ended);
        self.brief -= usize::from(brief);
        !brief || self.ended.len() * 3 >= self.queue.len()
    }
}
