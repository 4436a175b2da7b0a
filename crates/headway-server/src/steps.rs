//! Which steps of jobs are under way, kept where it outlives the process. A step that was under way when the process crashed
//! counts against its job: a job whose same step was under way at several crashes in a row is stuck, and a person decides whether
//! it is tried again. So no job can keep the server from starting, or from going on with the others.
//!
//! This is working state beside the log, as leases are: if it is lost, no job is stuck. It is written without waiting for the disk,
//! as it has to survive the process and not the machine.

mod notes;
mod step;
mod suspects;
mod turn;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use notes::{Notes, Used};
use parking_lot::Mutex;
pub(crate) use step::Step;
use suspects::Suspects;
use turn::{Ticket, Turn};

use headway_model::JobId;

/// The steps under way in this process, and those that are suspected because of the last ones. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Steps {
    shared: Arc<SharedSteps>,
}

struct SharedSteps {
    notes: Notes,
    suspects: Suspects,
    /// Why the server cannot go on with a job though it did not crash, in a person's words.
    reasons: Mutex<HashMap<JobId, String>>,
    turn: Turn,
}

/// A step under way. It is over when this is dropped, however it ends, as long as the process lives.
pub(crate) struct UnderWay {
    shared: Arc<SharedSteps>,
    job: JobId,
    step: Step,
    slot: Option<usize>,
    turn: Option<Ticket>,
}

impl Steps {
    /// Reads what the last process left in a data folder. The caller holds its lock, so that process is dead. What cannot be read
    /// or written is done without: then no crash counts, and the server starts.
    pub(crate) fn open(data: &Path) -> Self {
        // Where the system does not say it, every crash counts as one of this boot.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Steps::open_in(data, boot.trim())
    }

    /// The same, in the boot of this name.
    fn open_in(data: &Path, boot: &str) -> Self {
        let (notes, left) = Notes::open(&data.join("steps"), boot);
        let suspects = Suspects::after_crash(data.join("suspects"), &left);
        let (reasons, turn) = (Mutex::default(), Turn::default());
        Steps { shared: Arc::new(SharedSteps { notes, suspects, reasons, turn }) }
    }

    /// The step at which a job is stuck, if it is.
    pub(crate) fn stuck(&self, job: JobId) -> Option<Step> {
        self.shared.suspects.stuck(job)
    }

    /// Whether a job is stuck at this very step.
    pub(crate) fn is_stuck_at(&self, job: JobId, step: Step) -> bool {
        self.shared.suspects.is_stuck_at(job, step)
    }

    /// Why a job is stuck, in a person's words.
    pub(crate) fn why(&self, job: JobId) -> Option<String> {
        let reason = self.shared.reasons.lock().get(&job).cloned();
        let crashed = || self.stuck(job).map(crashed);
        let reason = reason.or_else(crashed)?;
        Some(format!("{reason}. Resume tries it again."))
    }

    /// Keeps why the server cannot go on with a job: half a sentence, without its end.
    pub(crate) fn explain(&self, job: JobId, reason: &str) {
        self.shared.reasons.lock().insert(job, format!("The server could not go on with this job: {reason}"));
    }

    /// A person wants a stuck job tried again. After one more crash at the same step it is stuck again.
    pub(crate) fn forgive(&self, job: JobId) {
        self.shared.reasons.lock().remove(&job);
        self.shared.suspects.forgive(job);
    }

    /// A job is over.
    pub(crate) fn forget(&self, job: JobId) {
        self.shared.reasons.lock().remove(&job);
        self.shared.suspects.forget(job);
    }

    /// This process is asked to stop. However it ends from now on, that is no crash.
    pub(crate) fn close(&self) {
        self.shared.notes.close();
    }

    /// Begins a step. A step at whose next crash its job is stuck waits until no other such step is under way, or until `give_up`
    /// says so; then this blocks.
    pub(crate) fn begin(&self, job: JobId, step: Step, give_up: impl Fn() -> bool) -> UnderWay {
        let shared = &self.shared;
        let suspected = shared.suspects.has_one_chance(job, step);
        let turn = if suspected { shared.turn.take(give_up) } else { None };
        let slot = shared.notes.write(job, step, turn);
        if slot.is_none() {
            // No crash counts, so nobody has to wait.
            turn.into_iter().for_each(|ticket| shared.turn.give_back(ticket));
        }
        UnderWay { shared: Arc::clone(shared), job, step, slot, turn }
    }

    /// What has been under way for long is suspected no more. To be called now and then.
    pub(crate) fn pass_long(&self) {
        for Used { job, step, turn, .. } in self.shared.notes.erase_long() {
            self.shared.suspects.passed(job, step);
            turn.into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
        }
    }
}

/// Why a job is stuck at a step, without the sentence's end.
pub(crate) fn crashed(step: Step) -> String {
    let times = if step.limit() == 2 { "two" } else { "three" };
    format!("The server crashed {times} times in a row while it {}", step.text())
}

impl SharedSteps {}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.notes.erase(slot);
        }
        self.shared.suspects.passed(self.job, self.step);
        self.turn.into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
    }
}

#[cfg(test)]
mod tests;
