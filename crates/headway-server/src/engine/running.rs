//! The attempts under way and what they wait for. Shown to people, never recorded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::attempt_id::AttemptId;
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
    /// No worker has it, or its output's folder is being made.
    Claimed(Claimed),
    /// A worker processes it.
    Working(Arc<Attempt>, SignOfLife),
}

/// An attempt that has no [`Attempt`] yet.
struct Claimed {
    number: u32,
    /// When a worker took it.
    taken: Option<Instant>,
    /// When it was asked to end, and why.
    stopped: Option<(Instant, StopReason)>,
    /// Whether nobody waits for it any more.
    is_lost: bool,
}

/// How far an attempt was when it last got further.
struct SignOfLife {
    progress: Progress,
    at: Instant,
}

/// An attempt for which nobody waits any more.
pub(super) struct WrittenOff {
    pub(super) which: AttemptId,
    /// How long it had worked.
    pub(super) elapsed: Duration,
    /// Whether it took longer than allowed.
    pub(super) is_late: bool,
    /// Whether its work had begun.
    pub(super) had_begun: bool,
}

impl Running {
    /// Never held across an await, so a plain mutex does.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, which: AttemptId) {
        let claimed = Claimed { number: which.attempt, taken: None, stopped: None, is_lost: false };
        self.table().attempts.insert((which.job, which.item), State::Claimed(claimed));
    }

    /// A worker has taken it, and makes the folder of its output.
    pub(super) fn taken(&self, which: AttemptId) {
        if let Some(State::Claimed(claimed)) = self.table().attempts.get_mut(&(which.job, which.item))
            && claimed.number == which.attempt
        {
            claimed.taken = Some(Instant::now());
        }
    }

    /// Its work begins. `false` if nobody waits for it any more: then it must end at once.
    pub(super) fn working(&self, attempt: &Arc<Attempt>) -> bool {
        let mut table = self.table();
        let Some(state) = table.attempts.get_mut(&(attempt.job, attempt.item)) else { return false };
        let State::Claimed(claimed) = &*state else { return false };
        if claimed.number != attempt.number || claimed.is_lost {
            return false;
        }
        if let Some((_, reason)) = claimed.stopped {
            attempt.stop(reason);
        }
        let alive = SignOfLife { progress: attempt.progress(), at: Instant::now() };
        *state = State::Working(Arc::clone(attempt), alive);
        true
    }

    pub(super) fn stop(&self, job: JobId, item: u32) {
        match self.table().attempts.get_mut(&(job, item)) {
            Some(State::Claimed(claimed)) => claimed.stop(StopReason::Asked),
            Some(State::Working(attempt, _)) => attempt.stop(StopReason::Asked),
            None => {}
        }
    }

    pub(super) fn end(&self, job: JobId, item: u32) {
        self.table().attempts.remove(&(job, item));
    }

    /// Stops attempts that exceed their job's time limit.
    pub(super) fn end_late(&self, limit: impl Fn(JobId) -> Option<Duration>) {
        for ((job, _), state) in &mut self.table().attempts {
            let is_late = |elapsed| limit(*job).is_some_and(|limit| elapsed > limit);
            match state {
                State::Working(attempt, _) if is_late(attempt.elapsed()) => attempt.stop(StopReason::Timeout),
                State::Claimed(claimed) if is_late(claimed.elapsed()) => claimed.stop(StopReason::Timeout),
                State::Working(..) | State::Claimed(_) => {}
            }
        }
    }

    /// Writes off attempts that were asked to end longer ago than their grace, and have not: at most so many, and none whose output is
    /// being put into place. `grace` is that of a job's attempts at work; one that still makes the folder of its output has `short`.
    pub(super) fn write_off(&self, most: usize, short: Duration, grace: impl Fn(JobId) -> Duration) -> Vec<WrittenOff> {
        let mut table = self.table();
        let lost = table.attempts.iter_mut().filter_map(|((job, item), state)| match state {
            State::Working(attempt, _) => {
                let is_overdue = attempt.stopped_for().is_some_and(|since| since > grace(*job));
                (is_overdue && attempt.write_off()).then(|| WrittenOff {
                    which: AttemptId { job: *job, item: *item, attempt: attempt.number },
                    elapsed: attempt.elapsed(),
                    is_late: attempt.is_late(),
                    had_begun: true,
                })
            }
            State::Claimed(claimed) => {
                let (since, reason) = claimed.stopped?;
                claimed.taken?;
                let is_overdue = !claimed.is_lost && since.elapsed() > short;
                claimed.is_lost |= is_overdue;
                is_overdue.then(|| WrittenOff {
                    which: AttemptId { job: *job, item: *item, attempt: claimed.number },
                    elapsed: claimed.elapsed(),
                    is_late: reason == StopReason::Timeout,
                    had_begun: false,
                })
            }
        });
        // As an iterator it stops before it says so of one too many.
        lost.take(most).collect()
    }

    /// How many attempts of each job have given no sign of life for so long, at most `most` in all. A program at work gives none that
    /// could be seen here, so it does not count.
    pub(super) fn stalled(&self, patience: Duration, most: usize) -> BTreeMap<JobId, usize> {
        let mut stalled = BTreeMap::new();
        let mut table = self.table();
        let hangs = table.attempts.iter_mut().filter_map(|((job, _), state)| state.hangs(patience).then_some(*job));
        hangs.take(most).for_each(|job| *stalled.entry(job).or_default() += 1);
        stalled
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
                State::Claimed(_) => None,
                State::Working(attempt, _) => {
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

impl State {
    /// Whether a worker has it and has not got further for so long.
    fn hangs(&mut self, patience: Duration) -> bool {
        match self {
            State::Claimed(claimed) => claimed.elapsed() > patience,
            State::Working(attempt, alive) => {
                let progress = attempt.progress();
                if alive.progress != progress || matches!(progress, Progress::Said(_)) {
                    *alive = SignOfLife { progress, at: Instant::now() };
                }
                alive.at.elapsed() > patience
            }
        }
    }
}

impl Claimed {
    /// How long a worker has had it.
    fn elapsed(&self) -> Duration {
        self.taken.map(|taken| taken.elapsed()).unwrap_or_default()
    }

    /// Asks it to end. The first reason holds.
    fn stop(&mut self, reason: StopReason) {
        self.stopped.get_or_insert((Instant::now(), reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::RelPath;
    use headway_model::testing::job_id;

    fn which(item: u32, attempt: u32) -> AttemptId {
        AttemptId { job: job_id(1), item, attempt }
    }

    fn attempt(which: AttemptId) -> Arc<Attempt> {
        Arc::new(Attempt::new(which.job, which.item, which.attempt, RelPath::default(), 10))
    }

    #[test]
    fn an_attempt_that_hangs_before_its_work_begins_is_written_off_and_ends_when_it_comes_back() {
        let running = Running::default();
        let (waits, hangs) = (which(0, 1), which(1, 1));
        running.begin(waits);
        running.begin(hangs);
        running.taken(hangs);
        for item in 0..2 {
            running.stop(job_id(1), item);
        }
        let long = Duration::from_secs(60);
        std::thread::sleep(Duration::from_millis(2));
        let lost = running.write_off(8, Duration::ZERO, |_| long);
        assert_eq!(lost.iter().map(|lost| lost.which).collect::<Vec<_>>(), [hangs], "no thread is at the other");
        assert!(running.write_off(8, Duration::ZERO, |_| long).is_empty(), "once");
        assert!(!running.working(&attempt(hangs)));
        running.end(job_id(1), 1);
        assert!(!running.working(&attempt(hangs)), "it comes back later still");
        running.begin(which(1, 2));
        assert!(!running.working(&attempt(hangs)), "another attempt is at the item by now");
        assert!(running.working(&attempt(which(1, 2))));
    }

    #[test]
    fn what_gets_further_does_not_hang_and_a_program_may_be_silent() {
        let running = Running::default();
        let begin = |item| {
            let attempt = attempt(which(item, 1));
            running.begin(which(item, 1));
            running.taken(which(item, 1));
            assert!(running.working(&attempt));
            attempt
        };
        let (reads, program, _hangs) = (begin(0), begin(1), begin(2));
        program.hand_over();
        std::thread::sleep(Duration::from_millis(2));
        reads.advance(1);
        assert_eq!(running.stalled(Duration::from_millis(1), 8), BTreeMap::from([(job_id(1), 1)]));
        assert!(running.stalled(Duration::from_millis(1), 0).is_empty());
    }
}
