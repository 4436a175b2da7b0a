//! The periodic checks of the engine's loop: time limits, attempts that hang, shortages, items whose files are free again, and a
//! stop that takes too long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt_id::AttemptId;
use super::running::WrittenOff;
use super::schedule::{Input, WorkOutcome};
use super::stop::GRACE;
use super::{ActiveJob, Context, Engine};
use crate::steps::{OwnWork, Step};
use headway_model::id::JobId;
use headway_model::{FailReason, PauseReason};
use headway_recipes::Unable;

/// How long an attempt whose changes nobody records has to end after it was asked to. So it is with programs, which have a
/// grace time of their own before they are killed.
const LONG_GRACE: Duration = Duration::from_secs(5 * 60);

/// An attempt without progress for this long hangs: jobs of other libraries do not wait for its worker.
const STALLED_AFTER: Duration = Duration::from_secs(5);

/// The root of a library that nothing has used for this long is closed.
const IDLE: Duration = Duration::from_secs(2);

impl Engine {
    /// Checks for timeouts, attempts that wait too long, shortages, files that are free again, and a drain that takes too long.
    pub(super) fn check_periodically(&mut self) -> Vec<Input> {
        self.looked = Instant::now();
        self.context.running.end_late(|job| self.active_jobs.get(&job)?.time_limit_ms().map(Duration::from_millis));
        self.write_off_overdue();
        self.pool.give_back_late();
        self.context.steps.pass_long();
        self.let_go_of_idle_libraries();
        let mut inputs = self.look_for_shortages();
        inputs.extend(self.look_for_stalled());
        inputs.extend(self.context.exclusion.offered().into_iter().map(|(job, item)| Input::Free { job, item }));
        if self.stopping.is_some_and(|since| since.elapsed() > self.context.drain) {
            inputs.push(Input::DrainOver);
        }
        if self.context.stands_by && self.working > 0 && !self.context.store.is_sure() {
            // Whoever takes over runs these files again. If nobody does, they run again here.
            inputs.push(Input::Unsure);
        }
        inputs
    }

    /// Closes the roots of unused libraries, so that their disks can be unmounted.
    fn let_go_of_idle_libraries(&self) {
        let Context { libraries, by_path, handle, .. } = &*self.context;
        for library in libraries.now().iter().cloned().chain(by_path.all()).filter(|library| library.is_idle(IDLE)) {
            handle.spawn_blocking(move || library.let_go(IDLE));
        }
    }

    /// Writes off attempts that do not end when asked to, so that storage that does not answer holds up neither a
    /// cancel, nor a time limit, nor the end of the server. A lost thread that comes back changes no name: it can no longer
    /// begin to place anything.
    fn write_off_overdue(&self) {
        let records = |job: JobId| self.active_jobs.get(&job).is_some_and(|active| active.records_its_changes());
        let grace = |job| if records(job) { GRACE } else { LONG_GRACE };
        for lost in self.context.running.write_off(self.pool.may_lose(), GRACE, grace) {
            let AttemptId { job, item, .. } = lost.which;
            let active = self.active_jobs.get(&job);
            if let Some(active) = active {
                active.note_written_off();
            }
            let (which, outcome) = (lost.which, end_of_lost(lost, active.map(|active| &**active)));
            tracing::warn!(job.id = %job, item, "an attempt has not ended since it was asked to, as on storage that gives no answer; it is written off");
            self.pool.write_off(which, outcome);
        }
    }

    /// Counts the attempts that hang on storage, and lets other threads work in their place. Returns an input if the
    /// counts have changed.
    fn look_for_stalled(&mut self) -> Option<Input> {
        let stalled = self.context.running.stalled(STALLED_AFTER, self.pool.may_lose());
        if stalled == self.stalled {
            return None;
        }
        self.stalled = stalled;
        self.pool.set_spare(self.stalled.values().sum());
        Some(Input::Stalled(self.stalled.clone()))
    }

    /// Environment changes that pause or resume jobs: a disk that has filled up, a library that is back.
    fn look_for_shortages(&mut self) -> Vec<Input> {
        let Context { shortage, data, .. } = &*self.context;
        if shortage.is_data_short() {
            data.release_ballast();
            return vec![Input::Short(PauseReason::DiskFull)];
        }
        for (job, reason) in self.schedule.paused() {
            // If the job went on now, its recovery would not be ready.
            if self.context.recoveries.is_under_way(job) {
                continue;
            }
            let (context, active) = (Arc::clone(&self.context), self.active_jobs.get(&job).map(Arc::clone));
            self.pause_checks.begin(job, reason, || has_eased(context, job, reason, active));
        }
        let passed = self.pause_checks.passed();
        if passed.iter().any(|(_, reason)| *reason == PauseReason::DiskFull) {
            data.keep_ballast();
        }
        passed.into_iter().map(|(job, reason)| Input::Eased { job, reason }).collect()
    }
}

/// How an attempt ends that was written off. A time limit is no verdict on a file whose disk is missing.
fn end_of_lost(lost: WrittenOff, active: Option<&ActiveJob>) -> WorkOutcome {
    let WrittenOff { elapsed, is_late, had_begun, paths, .. } = lost;
    let is_absent = is_late && active.is_some_and(|active| active.is_on_absent_disk(paths.iter()));
    if let Some(active) = active.filter(|_| is_absent) {
        active.note_missed_disk();
    }
    match had_begun {
        // How far a program got is not known.
        true if !is_late || is_absent && active.is_some_and(|active| !active.records_its_changes()) => {
            WorkOutcome::Lost
        }
        _ if is_absent => WorkOutcome::Environment(PauseReason::LibraryGone),
        _ if is_late => {
            let seconds = elapsed.as_secs_f64();
            let message =
                format!("ended after {seconds:.1} s; the storage of its file gave no answer, or is very slow");
            WorkOutcome::Failed(FailReason::Timeout, message)
        }
        _ => WorkOutcome::Stopped,
    }
}

/// Whether the reason for a job's pause has passed.
async fn has_eased(context: Arc<Context>, job: JobId, reason: PauseReason, active: Option<Arc<ActiveJob>>) -> bool {
    let active = match active {
        Some(active) => Some(active),
        None => match ActiveJob::read(&context, job).await {
            Ok(active) => Some(Arc::new(active)),
            Err(Unable::Environment(_) | Unable::Call(..)) => return false,
            // Taking up the job reports that.
            Err(Unable::Failed(_)) => None,
        },
    };
    let look = move || {
        let has_eased = !context.left.has(job) && context.shortage.has_eased(reason, active.as_deref());
        if has_eased && let Some(active) = active {
            // Files that could not be removed while the library was missing can be removed now.
            let own = OwnWork::of_library(&active.library.name, Step::CleanUp);
            context.steps.carry_out(&own, || active.library.clean_up()).ok();
        }
        has_eased
    };
    tokio::task::spawn_blocking(look).await.unwrap_or(false)
}
