//! The attempts under way and what they wait for. Shown to people, never recorded.

mod overdue;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Pulse;
use super::attempt_id::AttemptId;
use super::took_by_size::TookBySize;
use headway_model::attempt::AttemptLog;
use headway_model::id::{JobId, Millis};
use headway_model::message::RunningItem;
use headway_recipes::{Attempt, Progress, StopReason};
pub(super) use overdue::WrittenOff;
use state::{AttemptState, Claimed, SignOfLife};

/// The most attempts of one job that are shown.
const SHOWN: usize = 64;

/// An attempt that has worked for less than this is compared with nothing, which keeps the messages about quick files short.
const COMPARED_AFTER_MS: Millis = 10_000;

/// The table of attempts under way. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RunningAttempts {
    table: Arc<Mutex<AttemptTable>>,
}

#[derive(Default)]
struct AttemptTable {
    attempts: BTreeMap<(JobId, u32), AttemptState>,
    /// Whether every stop is forced from now on: nobody waits for attempts that are asked to end.
    is_forced: bool,
    /// The plans under way, each with when it last got on.
    plans: BTreeMap<JobId, Pulse>,
    /// The queued jobs, next first.
    queue: Vec<JobId>,
}

impl RunningAttempts {
    pub(super) fn begin(&self, which: AttemptId) {
        let claimed = Claimed { number: which.attempt, taken: None, stopped: None, is_lost: false };
        self.table.lock().attempts.insert((which.job, which.item), AttemptState::Claimed(claimed));
    }

    /// Notes that a worker has taken the attempt and is creating its output's folder.
    pub(super) fn taken(&self, which: AttemptId) {
        if let Some(AttemptState::Claimed(claimed)) = self.table.lock().attempts.get_mut(&(which.job, which.item))
            && claimed.number == which.attempt
        {
            claimed.taken = Some(Instant::now());
        }
    }

    /// Notes that the attempt's work begins, and how long the finished files of its job `took`. Returns `false` if nobody waits
    /// for it any longer; then it must end at once.
    pub(super) fn working(&self, attempt: &Arc<Attempt>, took: &Arc<TookBySize>) -> bool {
        let mut table = self.table.lock();
        let is_forced = table.is_forced;
        let Some(state) = table.attempts.get_mut(&(attempt.job, attempt.item)) else { return false };
        let AttemptState::Claimed(claimed) = &*state else { return false };
        if claimed.number != attempt.number || claimed.is_lost {
            return false;
        }
        if let Some((_, reason)) = claimed.stopped {
            attempt.stop(reason);
            if is_forced {
                attempt.stop(StopReason::Forced);
            }
        }
        let now = crate::now();
        let (progress, took) = (attempt.progress(), Arc::clone(took));
        let alive = SignOfLife { progress, at: Instant::now(), seen_at: now, since: now, took };
        *state = AttemptState::Working(Arc::clone(attempt), alive);
        true
    }

    pub(super) fn stop(&self, job: JobId, item: u32) {
        let mut table = self.table.lock();
        let reason = if table.is_forced { StopReason::Forced } else { StopReason::Asked };
        match table.attempts.get_mut(&(job, item)) {
            Some(AttemptState::Claimed(claimed)) => claimed.stop(reason),
            Some(AttemptState::Working(attempt, _)) => attempt.stop(reason),
            None => {}
        }
    }

    /// From now on, programs of attempts that are asked to end have hardly any time to end by themselves, because nobody waits
    /// for them. The same holds for attempts that were asked before, by a cancel or a time limit.
    pub(super) fn force_stops(&self) {
        let mut table = self.table.lock();
        table.is_forced = true;
        for state in table.attempts.values() {
            if let AttemptState::Working(attempt, _) = state
                && attempt.is_stopped()
            {
                attempt.stop(StopReason::Forced);
            }
        }
    }

    pub(super) fn end(&self, job: JobId, item: u32) {
        self.table.lock().attempts.remove(&(job, item));
    }

    /// Whether nothing runs.
    pub(super) fn is_empty(&self) -> bool {
        self.table.lock().attempts.is_empty()
    }

    /// Notes that the plan of a job has begun. It beats this pulse whenever it makes progress.
    pub(super) fn plan_begins(&self, job: JobId, pulse: &Pulse) {
        pulse.beat();
        self.table.lock().plans.insert(job, pulse.clone());
    }

    /// Notes that it has ended.
    pub(super) fn plan_ends(&self, job: JobId) {
        self.table.lock().plans.remove(&job);
    }

    /// How long ago the plan of a job last made progress; `None` if none is under way.
    pub(crate) fn plan_still_for(&self, job: JobId) -> Option<Duration> {
        self.table.lock().plans.get(&job).map(Pulse::still_for)
    }

    pub(super) fn queue(&self, queue: Vec<JobId>) {
        self.table.lock().queue = queue;
    }

    /// A queued job's place in the queue, from 1.
    pub(crate) fn place_of(&self, job: JobId) -> Option<usize> {
        self.table.lock().queue.iter().position(|queued| *queued == job).map(|at| at + 1)
    }

    /// The output so far of the program that works on an item.
    pub(crate) fn so_far(&self, job: JobId, item: u32) -> Option<AttemptLog> {
        // Take it out of the table first, because copying the output takes time.
        let attempt = match self.table.lock().attempts.get(&(job, item)) {
            Some(AttemptState::Working(attempt, _)) => Some(Arc::clone(attempt)),
            Some(AttemptState::Claimed(_)) | None => None,
        };
        attempt?.so_far()
    }

    /// The attempts under way of one job.
    pub(crate) fn of(&self, job: JobId) -> Vec<RunningItem> {
        let now = crate::now();
        let mut table = self.table.lock();
        let states = table.attempts.range_mut((job, 0)..=(job, u32::MAX)).take(SHOWN);
        states
            .filter_map(|((_, item), state)| match state {
                AttemptState::Claimed(_) => None,
                AttemptState::Working(attempt, alive) => {
                    let progress = attempt.progress();
                    alive.note(progress);
                    // A program that reports no progress can be silent for hours.
                    let sign = (progress != Progress::Said(None)).then_some(alive.seen_at);
                    let (done, total, percent) = match progress {
                        Progress::Bytes(done) => (done, attempt.total, None),
                        Progress::Said(percent) => (0, 0, percent),
                    };
                    let is_compared = now.saturating_sub(alive.since) >= COMPARED_AFTER_MS;
                    let similar = if is_compared { alive.took.similar(attempt.total) } else { None };
                    Some(RunningItem {
                        item: *item,
                        attempt: attempt.number,
                        path: attempt.path.clone(),
                        done,
                        total,
                        percent,
                        waits_for: attempt.waiting_for(),
                        since: alive.since,
                        sign,
                        similar,
                    })
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::RelPath;
    use headway_model::testing::job_id;
    use std::time::Duration;

    fn which(item: u32, attempt: u32) -> AttemptId {
        AttemptId { job: job_id(1), item, attempt }
    }

    fn attempt(which: AttemptId) -> Arc<Attempt> {
        Arc::new(Attempt::new(which.job, which.item, which.attempt, RelPath::default(), 10))
    }

    #[test]
    fn an_attempt_that_hangs_before_its_work_begins_is_written_off_and_ends_when_it_comes_back() {
        let running = RunningAttempts::default();
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
        assert!(!running.working(&attempt(hangs), &Arc::default()));
        running.end(job_id(1), 1);
        assert!(!running.working(&attempt(hangs), &Arc::default()), "it comes back later still");
        running.begin(which(1, 2));
        assert!(!running.working(&attempt(hangs), &Arc::default()), "another attempt is at the item by now");
        assert!(running.working(&attempt(which(1, 2)), &Arc::default()));
    }

    #[test]
    fn what_gets_further_does_not_hang_and_a_program_may_be_silent() {
        let running = RunningAttempts::default();
        let begin = |item| {
            let attempt = attempt(which(item, 1));
            running.begin(which(item, 1));
            running.taken(which(item, 1));
            assert!(running.working(&attempt, &Arc::default()));
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
