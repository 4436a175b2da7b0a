//! Which steps of jobs are under way, kept where it outlives the process. A step that was under way when the process crashed
//! counts against its job: a job whose same step was under way at several crashes in a row is stuck, and a person decides whether
//! it is tried again. So no job can keep the server from starting, or from going on with the others.
//!
//! This is working state beside the log, as leases are: if it is lost, no job is stuck. It is written without waiting for the disk,
//! as it has to survive the process and not the machine.

mod notes;
mod step;
mod suspects;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notes::Notes;
pub use step::Step;
use suspects::Suspects;

use headway_model::JobId;

/// How often a step that waits for its turn asks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// The steps under way in this process, and those that are suspected because of the last ones. Cheap to clone.
#[derive(Clone)]
pub struct Steps {
    shared: Arc<Shared>,
}

struct Shared {
    notes: Notes,
    suspects: Suspects,
    /// Why the server cannot go on with a job though it did not crash, in a person's words.
    reasons: Mutex<HashMap<JobId, String>>,
    /// Whether a suspect has its turn: they go one at a time, so that the next crash has one culprit.
    turn: Mutex<bool>,
    turn_is_free: Condvar,
}

/// A step under way. It is over when this is dropped, however it ends, as long as the process lives.
pub struct UnderWay {
    shared: Arc<Shared>,
    job: JobId,
    step: Step,
    slot: Option<usize>,
    has_turn: bool,
}

impl Steps {
    /// Reads what the last process left in a data folder. The caller holds its lock, so that process is dead. What cannot be read
    /// or written is done without: then no crash counts, and the server starts.
    pub fn open(data: &Path) -> Self {
        let (notes, left) = Notes::open(&data.join("steps"));
        let suspects = Suspects::after_crash(data.join("suspects"), &left);
        let (reasons, turn, turn_is_free) = (Mutex::default(), Mutex::new(false), Condvar::new());
        Steps { shared: Arc::new(Shared { notes, suspects, reasons, turn, turn_is_free }) }
    }

    /// The step at which a job is stuck, if it is.
    pub fn stuck(&self, job: JobId) -> Option<Step> {
        self.shared.suspects.stuck(job)
    }

    /// Why a job is stuck, in a person's words.
    pub fn why(&self, job: JobId) -> Option<String> {
        let reason = self.shared.reasons().get(&job).cloned();
        let crashed = || self.stuck(job).map(crashed);
        let reason = reason.or_else(crashed)?;
        Some(format!("{reason}. Resume tries it again."))
    }

    /// Keeps why the server cannot go on with a job: half a sentence, without its end.
    pub fn explain(&self, job: JobId, reason: &str) {
        self.shared.reasons().insert(job, format!("The server could not go on with this job: {reason}"));
    }

    /// A person wants a stuck job tried again. After one more crash at the same step it is stuck again.
    pub fn forgive(&self, job: JobId) {
        self.shared.reasons().remove(&job);
        self.shared.suspects.forgive(job);
    }

    /// A job is over.
    pub fn forget(&self, job: JobId) {
        self.shared.reasons().remove(&job);
        self.shared.suspects.forget(job);
    }

    /// This process ends as it should: nothing is under way.
    pub fn clear(&self) {
        self.shared.notes.clear();
    }

    /// Begins a step. A step at whose next crash its job is stuck waits until no other such step is under way, or until `give_up`
    /// says so; then this blocks.
    pub fn begin(&self, job: JobId, step: Step, give_up: impl Fn() -> bool) -> UnderWay {
        let shared = &self.shared;
        let has_turn = shared.suspects.has_one_chance(job, step) && shared.take_turn(give_up);
        let slot = shared.notes.write(job, step);
        UnderWay { shared: Arc::clone(shared), job, step, slot, has_turn }
    }
}

/// Why a job is stuck at a step, without the sentence's end.
pub fn crashed(step: Step) -> String {
    let times = if step.limit() == 2 { "two" } else { "three" };
    format!("The server crashed {times} times in a row while it {}", step.text())
}

impl Shared {
    fn reasons(&self) -> MutexGuard<'_, HashMap<JobId, String>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, bool> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_turn(&self, give_up: impl Fn() -> bool) -> bool {
        let mut taken = self.turn();
        while *taken {
            if give_up() {
                return false;
            }
            taken = self.turn_is_free.wait_timeout(taken, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = true;
        true
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.notes.erase(slot);
        }
        self.shared.suspects.passed(self.job, self.step);
        if self.has_turn {
            *self.shared.turn() = false;
            self.shared.turn_is_free.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
