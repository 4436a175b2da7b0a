//! The *crash notes*: a file that says which steps are under way, and outlives the process. A crash counts against
//! every step that was under way. If a step was under way at several crashes and has not passed in between, it is
//! stuck, and a person decides whether it is tried again. So no job and no library can keep the server from starting,
//! or from going on with the others.
//!
//! This is working state beside the log, like leases: if it is lost, no job is stuck. It is written without waiting
//! for the disk, because it must survive the process, not the machine.

mod notes;
mod own;
mod step;
mod subject;
mod suspects;
mod turn;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use notes::{Notes, Used};
pub(crate) use own::{GivenUpWork, OwnWork};
use parking_lot::Mutex;
pub(crate) use step::Step;
pub(crate) use subject::Subject;
use suspects::{LastChance, Suspects};
use turn::{LOOK, Ticket, Turn};

use crate::boot;
use headway_model::JobId;

/// The steps under way in this process, and the suspects of earlier crashes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Steps {
    shared: Arc<SharedSteps>,
}

struct SharedSteps {
    notes: Notes,
    suspects: Suspects,
    /// Why the server cannot go on with a job although it did not crash, as a text for people.
    reasons: Mutex<HashMap<JobId, String>>,
    /// The work of its own that the server has given up after repeated crashes.
    given_up: Mutex<BTreeMap<(Subject, Step), GivenUpWork>>,
    turn: Turn,
}

/// A step under way. Dropping this ends the step, whatever its result.
pub(crate) struct UnderWay {
    shared: Arc<SharedSteps>,
    of: Subject,
    step: Step,
    slot: Option<usize>,
    turn: Option<Ticket>,
}

impl Steps {
    /// Reads what the last process left in a data folder. The caller holds the folder's lock, so that process is
    /// dead. If the notes cannot be read or written, the server starts without them, and no crash counts.
    pub(crate) fn open(data: &Path) -> Self {
        // If the boot id is unknown, every crash counts as one of this boot.
        Steps::open_in(data, &boot::id().unwrap_or_default())
    }

    /// Reads what the last process left, for the boot with this id.
    fn open_in(data: &Path, boot: &str) -> Self {
        let (notes, left) = Notes::open(&data.join("steps"), boot);
        let suspects = Suspects::after_crash(data.join("suspects"), &left);
        let (reasons, given_up, turn) = (Mutex::default(), Mutex::default(), Turn::default());
        Steps { shared: Arc::new(SharedSteps { notes, suspects, reasons, given_up, turn }) }
    }

    /// The step at which a job is stuck, if it is.
    pub(crate) fn stuck(&self, job: JobId) -> Option<Step> {
        self.shared.suspects.stuck(job)
    }

    /// Whether a job or a library is stuck at this very step.
    pub(crate) fn is_stuck_at(&self, of: impl Into<Subject>, step: Step) -> bool {
        self.shared.suspects.is_stuck_at(of.into(), step)
    }

    /// What is stuck in a data folder that no server uses: each step, and whose it is.
    pub(crate) fn all_stuck(data: &Path) -> Vec<(Subject, Step)> {
        Suspects::read(data.join("suspects")).all_stuck()
    }

    /// Lets everything be tried again that is stuck in a data folder that no server uses, as a person asked.
    pub(crate) fn forgive_all(data: &Path) {
        Suspects::read(data.join("suspects")).forgive_all();
    }

    /// Why a job is stuck, as a text for people.
    pub(crate) fn why(&self, job: JobId) -> Option<String> {
        let reason = self.shared.reasons.lock().get(&job).cloned();
        let crashed = || self.stuck(job).map(crashed);
        let reason = reason.or_else(crashed)?;
        Some(format!("{reason}. Resume tries it again."))
    }

    /// Stores why the server cannot go on with a job: a clause without a full stop.
    pub(crate) fn explain(&self, job: JobId, reason: &str) {
        self.shared.reasons.lock().insert(job, format!("The server could not go on with this job: {reason}"));
    }

    /// Lets a stuck job be tried again, as a person asked. After one more crash at the same step, it is stuck again.
    pub(crate) fn forgive(&self, job: JobId) {
        self.shared.reasons.lock().remove(&job);
        self.shared.suspects.forgive(job.into());
        self.shared.given_up.lock().retain(|(of, _), _| *of != Subject::Job(job));
    }

    /// Forgets a job that is over.
    pub(crate) fn forget(&self, job: JobId) {
        self.shared.reasons.lock().remove(&job);
        self.shared.suspects.forget(job);
    }

    /// Notes that this process was asked to stop. However it ends from now on, that is not a crash.
    pub(crate) fn close(&self) {
        self.shared.notes.close();
    }

    /// Begins a step. If one more crash at this step would make its job stuck, this blocks until no other such step
    /// is under way, and then, for a short time, until no step of another is, or until `give_up` returns `true`. Such a
    /// step is alone for a while, so that it is not blamed for the crash of another; a step of another waits meanwhile.
    pub(crate) fn begin(&self, of: impl Into<Subject>, step: Step, give_up: impl Fn() -> bool) -> UnderWay {
        let (shared, of) = (&self.shared, of.into());
        let joins = !shared.notes.is_part(of, step);
        SharedSteps::begin(shared, (of, step), joins, give_up)
    }

    /// Notes that a job is at work, until this is dropped. It waits for nobody. Such a note counts a crash in a call
    /// that is not a step. So a job that never gets further, because the server crashes there again and again, ends as
    /// stuck. However many such jobs there are, and whichever of their steps pass, the number of crashes has a limit.
    pub(crate) fn at_work(&self, job: JobId) -> UnderWay {
        let (shared, of, step) = (Arc::clone(&self.shared), job.into(), Step::AtWork);
        let slot = shared.notes.write(of, step, None);
        UnderWay { shared, of, step, slot, turn: None }
    }

    /// Notes that a job got further: no crash before this counts against it being at work.
    pub(crate) fn got_further(&self, job: JobId) {
        self.shared.suspects.passed(job.into(), Step::AtWork);
    }

    /// Clears steps that have been under way for a long time of suspicion. Call it from time to time.
    pub(crate) fn pass_long(&self) {
        let long = self.shared.notes.long_turns();
        long.into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
        for Used { of, step, turn, .. } in self.shared.notes.erase_long() {
            self.shared.suspects.passed(of, step);
            turn.into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
        }
    }
}

impl UnderWay {
    /// Notes that the step has passed, so that no crash counts against it from now on. A suspect of another still waits for
    /// it, because its attempt goes on.
    pub(crate) fn pass(&mut self) {
        self.slot.iter().for_each(|slot| self.shared.notes.pass(*slot));
        self.shared.suspects.passed(self.of, self.step);
        self.turn.take().into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
    }

    /// Ends the step and begins the next one of the same attempt, which waits for no suspect of another: what is recorded
    /// must be carried out soon.
    pub(crate) fn go_on(mut self, step: Step, give_up: impl Fn() -> bool) -> UnderWay {
        // One attempt cannot have the turn twice.
        self.pass();
        SharedSteps::begin(&self.shared, (self.of, step), false, give_up)
    }
}

impl SharedSteps {
    /// Begins a step. If it `joins` others, it waits for a suspect of another.
    fn begin(
        shared: &Arc<SharedSteps>,
        (of, step): (Subject, Step),
        joins: bool,
        give_up: impl Fn() -> bool,
    ) -> UnderWay {
        let chance = shared.suspects.last_chance(of, step);
        let turn = chance.and_then(|chance| shared.turn.take(of, chance.patience(), &give_up));
        if turn.is_none() && joins {
            shared.turn.wait_to_join(of, &give_up);
        }
        let slot = shared.notes.write(of, step, turn);
        match (turn, slot, chance) {
            (Some(ticket), Some(slot), Some(chance)) => shared.wait_for_others((of, ticket, slot), chance, give_up),
            // Without a note, no crash counts, so nobody has to wait for this step.
            (Some(ticket), ..) => shared.turn.give_back(ticket),
            (None, ..) => shared.turn.joined(of, |slot| {
                shared.notes.set_alone(slot, false);
            }),
        }
        UnderWay { shared: Arc::clone(shared), of, step, slot, turn }
    }

    /// Makes a suspected step the only one under way, if the others end soon enough.
    fn wait_for_others(
        &self,
        (of, ticket, slot): (Subject, Ticket, usize),
        chance: LastChance,
        give_up: impl Fn() -> bool,
    ) {
        let until = Instant::now() + chance.patience();
        let mark = || !self.notes.has_others(of) && self.notes.set_alone(slot, true);
        while !self.turn.be_alone(ticket, slot, chance.alone(), mark) {
            if Instant::now() >= until || give_up() {
                self.turn.share(ticket);
                break;
            }
            std::thread::sleep(LOOK);
        }
        self.notes.begin(slot);
    }
}

/// Why a job is stuck at a step: a clause without a full stop.
pub(crate) fn crashed(step: Step) -> String {
    let times = match step.limit() {
        2 => "two",
        3 => "three",
        _ => "six",
    };
    format!("The server crashed {times} times in a row while it {}", step.text())
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.shared.notes.erase(slot);
        }
        self.shared.suspects.passed(self.of, self.step);
        self.turn.into_iter().for_each(|ticket| self.shared.turn.give_back(ticket));
    }
}

#[cfg(test)]
mod tests;
