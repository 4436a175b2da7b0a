//! One job of the schedule: what is recorded, what is requested, what runs.

mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use parts::{LastStep, LastStepState, Listing, OpenPlacing, OpenPlacings, WaitingItems};

use super::{ScheduleEffect, Terms, append, rest};
use headway_model::Fold;
use headway_model::event::JobEvent;
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::status::{JobStatus, PauseReason};

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
    /// The items that wait.
    pub(super) waiting: WaitingItems,
    /// How many attempts do not count as tries, by item.
    pub(super) uncounted: BTreeMap<u32, u32>,
    /// When it last got a worker, compared with other jobs: the job with the highest number got the last one. 0 if it never
    /// got any.
    pub(super) turn: u64,
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
    /// Whether the job went on by itself after such errors, and no item has succeeded since: if the next change fails as
    /// before, the storage is still to blame.
    pub(super) is_on_trial: bool,
    /// Whether it is requested that the job goes on after such errors, and not recorded yet.
    pub(super) tries_storage: bool,
    /// Shortages in a row since an item last succeeded.
    pub(super) shortages: u32,
    /// The job is not tried again before this time.
    pub(super) rests_until: Millis,
    /// Items whose placing no worker holds.
    pub(super) placings: OpenPlacings,
    /// The listing of the files.
    pub(super) plan: Listing,
    /// The last step.
    pub(super) last_step: LastStepState,
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
            waiting: WaitingItems::default(),
            uncounted: BTreeMap::new(),
            turn: 0,
            ahead: 0,
            stalled: 0,
            asked: false,
            asking: false,
            unreadable: BTreeSet::new(),
            is_on_trial: false,
            tries_storage: false,
            shortages: 0,
            rests_until: 0,
            placings: OpenPlacings::default(),
            plan: Listing::default(),
            last_step: LastStepState::default(),
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

    /// Whether attempts of it run, and all of them hang.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled() > 0 && self.stalled() == self.active.len()
    }

    /// Whether nothing of it runs, because each of its open items waits for a file that another holds.
    pub(super) fn is_held_up(&self) -> bool {
        let held = self.waiting.held.len();
        held > 0 && self.active.is_empty() && self.fold.counters.open() as usize == held
    }

    /// Whether its library is one of these.
    pub(super) fn is_of(&self, libraries: &BTreeSet<Arc<str>>) -> bool {
        self.terms.as_ref().is_some_and(|terms| libraries.contains(&terms.library))
    }

    pub(super) fn plan(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        self.plan.runs = true;
        effects.push(ScheduleEffect::Plan { job: id });
    }

    /// Pauses the job for a person's decision, unless that is already requested.
    pub(super) fn ask(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
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
    pub(super) fn ended(&self, item: u32, attempt: u32, now: Millis) -> JobEvent {
        match self.fold.item(item) {
            Some(ItemStatus::Placing) => JobEvent::Recovered { item, attempt, alive: Some(now) },
            _ => JobEvent::Stopped { item, attempt },
        }
    }

    /// Pauses the job for a shortage, unless the job is ending anyway.
    pub(super) fn pause_for(&self, id: JobId, reason: Option<PauseReason>, effects: &mut Vec<ScheduleEffect>) {
        let reason = reason.filter(|_| self.goes_on());
        effects.extend(reason.map(|reason| append(id, JobEvent::Paused { reason })));
    }

    pub(super) fn stop_items(&self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        self.active.keys().for_each(|item| effects.push(ScheduleEffect::Stop { job: id, item: *item }));
    }

    /// Notes a shortage: the job is not tried again for a while.
    pub(super) fn rest(&mut self, now: Millis) {
        self.rests_until = now + rest(self.shortages);
        self.shortages += 1;
    }
}
