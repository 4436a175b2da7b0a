//! One job of the schedule: what is recorded, what is requested, what runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Effect, LONGEST_REST, Terms, WorkOutcome, append, rest};
use headway_model::Fold;
use headway_model::event::{HaltBy, JobEvent, MESSAGE_LIMIT, Outcome, cut};
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::{EndReason, JobStatus, PauseReason};

/// So many files in a row that fail with an input/output error are no coincidence: the storage is at fault.
pub(super) const UNREADABLE_IN_A_ROW: usize = 5;

/// Whether the storage, not a file, is to blame for an input/output error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageBlame {
    /// The file is.
    No,
    /// The storage is, as of this file.
    Begins,
    /// The storage is, as before. The job's pause is already requested.
    Lasts,
}

/// An item whose placing no worker holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    /// When to examine it.
    due: Millis,
    /// Whether its worker died.
    died: bool,
}

/// A live job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) fold: Fold,
    /// `None` until its request has been read.
    pub(super) terms: Option<Terms>,
    /// Whether what the last process left of it has not been read. Until then nothing of it moves.
    pub(super) unread: bool,
    /// Whether that read is requested.
    pub(super) reading: bool,
    /// Attempts whose `started` is requested and not recorded yet, by item.
    pub(super) claimed: BTreeMap<u32, u32>,
    /// Attempts that run, or wait for their `started` to be durable, by item.
    pub(super) active: BTreeMap<u32, u32>,
    /// Active items whose `started` was refused: the outcome of their attempt is discarded.
    pub(super) void: BTreeSet<u32>,
    /// Every waiting item is at or after this index, or in `again`, or in `later`.
    pub(super) scan: u32,
    pub(super) again: BTreeSet<u32>,
    /// Delayed items, by due time and index.
    pub(super) later: BTreeSet<(Millis, u32)>,
    pub(super) delayed: BTreeSet<u32>,
    /// How many attempts do not count as tries, by item.
    pub(super) free: BTreeMap<u32, u32>,
    /// How many items a worker gets through while a record becomes durable.
    pub(super) ahead: usize,
    /// How many active attempts hang on storage that gives no sign of life.
    pub(super) stalled: usize,
    /// Whether a job event is requested and not recorded yet.
    pub(super) asked: bool,
    /// Whether a pause for a person is requested and not recorded yet.
    pub(super) asking: bool,
    /// Items that failed with an input/output error of the storage, since it last showed that it works or the job was resumed.
    pub(super) unreadable: BTreeSet<u32>,
    /// Shortages in a row since an item last succeeded.
    pub(super) shortages: u32,
    /// The job is not tried again before this time.
    pub(super) rests_until: Millis,
    /// Items whose placing no worker holds and that are not examined yet.
    pub(super) open: BTreeMap<u32, Open>,
    /// Items whose placing is being examined, and whether their worker died.
    pub(super) judging: BTreeMap<u32, bool>,
    /// Whether files are being listed.
    pub(super) planning: bool,
    /// Whether to list again once the listing under way is over.
    pub(super) replan: bool,
    /// Whether the last step runs.
    pub(super) finishing: bool,
    /// How the last step ended while the job was paused.
    pub(super) finished: Option<Result<(), String>>,
}

/// Whether a due time has come. A time further away than the longest rest counts as come: the clock has been set back since.
pub(super) fn has_come(moment: Millis, now: Millis) -> bool {
    moment <= now || moment > now + LONGEST_REST
}

impl Job {
    pub(super) fn new(fold: Fold, terms: Option<Terms>) -> Self {
        Job {
            fold,
            terms,
            unread: false,
            reading: false,
            claimed: BTreeMap::new(),
            active: BTreeMap::new(),
            void: BTreeSet::new(),
            scan: 0,
            again: BTreeSet::new(),
            later: BTreeSet::new(),
            delayed: BTreeSet::new(),
            free: BTreeMap::new(),
            ahead: 0,
            stalled: 0,
            asked: false,
            asking: false,
            unreadable: BTreeSet::new(),
            shortages: 0,
            rests_until: 0,
            open: BTreeMap::new(),
            judging: BTreeMap::new(),
            planning: false,
            replan: false,
            finishing: false,
            finished: None,
        }
    }

    pub(super) fn is_repeatable(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.repeatable)
    }

    /// Whether a person decides about interrupted items.
    pub(super) fn asks(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.ask)
    }

    /// Whether this attempt holds the item, by the recorded events.
    pub(super) fn holds(&self, item: u32, attempt: u32) -> bool {
        self.fold.item(item).is_some_and(ItemStatus::is_running) && self.fold.last_attempt(item) == attempt
    }

    pub(super) fn holds_place(&self) -> bool {
        let at_work = matches!(self.fold.status, JobStatus::Processing | JobStatus::Finishing);
        at_work || !self.active.is_empty() || (self.fold.status == JobStatus::Queued && self.asked)
    }

    /// How many attempts hang on storage that gives no sign of life.
    pub(super) fn stalled(&self) -> usize {
        self.stalled.min(self.active.len())
    }

    /// Whether it runs, and all that it runs hangs.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled() > 0 && self.stalled() == self.active.len()
    }

    /// Whether its files are in one of these libraries.
    pub(super) fn is_of(&self, libraries: &BTreeSet<Arc<str>>) -> bool {
        self.terms.as_ref().is_some_and(|terms| libraries.contains(&terms.library))
    }

    pub(super) fn plan(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        self.planning = true;
        effects.push(Effect::Plan { job: id });
    }

    /// Pauses the job for a person's decision, unless that is already requested.
    pub(super) fn ask(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        let runs = matches!(self.fold.status, JobStatus::Queued | JobStatus::Processing);
        if runs && !std::mem::replace(&mut self.asking, true) {
            effects.push(append(id, JobEvent::Paused { reason: PauseReason::Interrupted }));
        }
    }

    /// Whether the job's items can be tried again.
    pub(super) fn goes_on(&self) -> bool {
        let held = matches!(self.fold.status, JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. });
        held && self.fold.halt.is_none()
    }

    /// The event that ends an attempt which no other follows. An item whose placing is taken back is recovered like any other.
    pub(super) fn ended(&self, item: u32, attempt: u32) -> JobEvent {
        match self.fold.item(item) {
            Some(ItemStatus::Placing) => JobEvent::Recovered { item, attempt },
            _ => JobEvent::Stopped { item, attempt },
        }
    }

    /// Pauses the job for a shortage, unless the job is ending anyway.
    pub(super) fn pause_for(&self, id: JobId, reason: Option<PauseReason>, effects: &mut Vec<Effect>) {
        let reason = reason.filter(|_| self.goes_on());
        effects.extend(reason.map(|reason| append(id, JobEvent::Paused { reason })));
    }

    /// Notes how an attempt ended, and says whether the storage fails for so many files in a row that no file is to blame.
    pub(super) fn blames_storage(&mut self, item: u32, outcome: &WorkOutcome) -> StorageBlame {
        match outcome {
            WorkOutcome::Storage(..) => {
                let is_new = self.unreadable.insert(item);
                match self.unreadable.len() {
                    UNREADABLE_IN_A_ROW if is_new => StorageBlame::Begins,
                    UNREADABLE_IN_A_ROW.. => StorageBlame::Lasts,
                    _ => StorageBlame::No,
                }
            }
            WorkOutcome::Succeeded(..) | WorkOutcome::Skipped(_) | WorkOutcome::Failed(..) => {
                self.unreadable.clear();
                StorageBlame::No
            }
            _ => StorageBlame::No,
        }
    }

    /// Notes a shortage: the job is not tried again for a while.
    pub(super) fn rest(&mut self, now: Millis) {
        self.rests_until = now + rest(self.shortages);
        self.shortages += 1;
    }

    /// Notes that no worker holds this item's placing any more and how far it got is unknown.
    pub(super) fn leave_open(&mut self, item: u32, now: Millis, died: bool) {
        let due = now + rest(self.shortages);
        self.open.insert(item, Open { due, died });
    }

    /// Requests a look at open placings that are due. Not while the job is paused: the reason for the pause still stands.
    pub(super) fn judge_open(&mut self, id: JobId, now: Millis, effects: &mut Vec<Effect>) {
        let active = matches!(self.fold.status, JobStatus::Queued | JobStatus::Processing | JobStatus::Cancelling);
        if !active || self.unread || mutants::is(Mutant::PlacingForgotten) {
            return;
        }
        let placing = |item: &u32| self.fold.item(*item) == Some(ItemStatus::Placing);
        let due: Vec<_> = self.open.iter().filter(|(item, open)| has_come(open.due, now) && placing(item)).collect();
        let due: Vec<_> = due.into_iter().map(|(item, open)| (*item, open.died)).collect();
        for (item, died) in due {
            self.open.remove(&item);
            self.judging.insert(item, died);
            effects.push(Effect::Judge { job: id, item });
        }
    }

    pub(super) fn stop_items(&self, id: JobId, effects: &mut Vec<Effect>) {
        self.active.keys().for_each(|item| effects.push(Effect::Stop { job: id, item: *item }));
    }

    /// Resumes the job's phase after a restart. `interrupted` says whether the restart interrupted items.
    pub(super) fn go_on(&mut self, id: JobId, interrupted: bool, effects: &mut Vec<Effect>) {
        match self.fold.status {
            JobStatus::Planning => self.plan(id, effects),
            JobStatus::Finishing => {
                self.finishing = true;
                effects.push(Effect::Finish { job: id });
            }
            _ => {
                if self.asks() && self.fold.halt.is_none() && interrupted {
                    self.ask(id, effects);
                }
                self.conclude(id, effects);
            }
        }
    }

    /// Ends the job after its last step, with the outcome that its items imply.
    pub(super) fn end(&mut self, id: JobId, result: Result<(), String>, effects: &mut Vec<Effect>) {
        let counters = &self.fold.counters;
        let outcome = match result {
            Err(message) => Outcome::Failed { reason: EndReason::Finish, message: cut(&message, MESSAGE_LIMIT) },
            Ok(()) if counters.all_failed() => Outcome::Failed { reason: EndReason::AllFailed, message: String::new() },
            Ok(()) if counters.has_errors() => Outcome::CompletedWithErrors,
            Ok(()) => Outcome::Completed,
        };
        self.asked = true;
        effects.push(append(id, JobEvent::Ended { outcome }));
    }

    /// Requests the event that ends the present phase, once nothing is missing for it.
    pub(super) fn conclude(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        if self.asked || self.unread {
            return;
        }
        let counters = &self.fold.counters;
        let settled = counters.open() == 0;
        let event = match self.fold.status {
            JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. }
                if settled && self.fold.fails_by_halt() =>
            {
                JobEvent::Ended { outcome: Outcome::Failed { reason: EndReason::Halt, message: String::new() } }
            }
            JobStatus::Queued | JobStatus::Processing | JobStatus::Paused { .. } if self.halts() => {
                let Some(halt) = self.terms.as_ref().and_then(|terms| terms.halt) else { return };
                JobEvent::Halted { by: halt.by, when: halt.when }
            }
            JobStatus::Processing if settled => JobEvent::Finishing {},
            // The job also waits for work whose end can no longer be recorded.
            JobStatus::Cancelling if counters.running == 0 && self.active.is_empty() => JobEvent::Cancelled {},
            _ => return,
        };
        self.asked = true;
        effects.push(append(id, event));
    }

    /// Whether the halt policy is reached and not recorded yet. With every item settled there is nothing left to halt, but a halt by
    /// failures still decides the outcome.
    pub(super) fn halts(&self) -> bool {
        let Some(halt) = self.terms.as_ref().and_then(|terms| terms.halt) else { return false };
        let counters = &self.fold.counters;
        let count = match halt.by {
            HaltBy::Fail => counters.failed,
            HaltBy::Success => counters.succeeded,
            HaltBy::Done => counters.done() - counters.skipped_in_plan,
        };
        let total = counters.total - counters.skipped_in_plan;
        let matters = counters.open() > 0 || halt.by == HaltBy::Fail;
        self.fold.halt.is_none() && self.fold.plan_ended && matters && count > 0 && halt.limit.is_reached(count, total)
    }

    pub(super) fn can_claim(&self) -> bool {
        let limit = self.fold.concurrency as usize;
        let below = limit == 0 || self.active.len() < limit;
        self.fold.status == JobStatus::Processing
            && self.terms.is_some()
            && self.fold.halt.is_none()
            // A halt might be requested and not recorded yet.
            && !self.asked
            && !self.asking
            && !self.unread
            && below
            && (!self.again.is_empty() || self.scan < self.fold.counters.total)
    }

    /// How many items to claim ahead for each worker: none if the request limits concurrency or says when to halt.
    pub(super) fn goes_ahead(&self) -> usize {
        let free = self.fold.concurrency == 0 && self.terms.as_ref().is_some_and(|terms| terms.halt.is_none());
        if free { self.ahead } else { 0 }
    }

    /// The next item to claim. Advances the scan.
    pub(super) fn next_waiting(&mut self) -> Option<u32> {
        let free = |job: &Job, item: u32| {
            job.fold.item(item) == Some(ItemStatus::Waiting)
                && !job.claimed.contains_key(&item)
                && !job.active.contains_key(&item)
                && !job.delayed.contains(&item)
        };
        while let Some(item) = self.again.pop_first() {
            if free(self, item) {
                return Some(item);
            }
        }
        while self.scan < self.fold.counters.total {
            let item = self.scan;
            self.scan += 1;
            if free(self, item) {
                return Some(item);
            }
        }
        None
    }
}
