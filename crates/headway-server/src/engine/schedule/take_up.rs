//! Taking up a job that the last process left.

use super::job::{Job, has_come};
use super::{Effect, Hold, Past, append, end_of_placing};
use headway_model::FailReason;
use headway_model::event::JobEvent;
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::{JobStatus, PauseReason};

/// What a person reads of an item whose placing could not be looked at before its job ended.
const NOT_LOOKED_AT: &str =
    "the server could not look how far its output had come; look at the file and in the job's trash";

/// The end of an item whose placing could not be looked at.
pub(super) fn not_looked_at(item: u32, attempt: u32) -> JobEvent {
    JobEvent::Failed { item, attempt, reason: FailReason::Conflict, message: NOT_LOOKED_AT.to_owned() }
}

/// What becomes of an open item that no worker holds any more.
enum Recovery {
    /// This is recorded, with this detail.
    Event(JobEvent, Option<String>),
    /// It waits for a person.
    Asks,
    /// It is looked at again later; for this reason that was not possible.
    Open(Option<PauseReason>),
}

impl Job {
    /// Items that were running are interrupted, and the job goes on, unless it is held.
    pub(super) fn take_up(&mut self, id: JobId, mut past: Past, now: Millis, effects: &mut Vec<Effect>) {
        let reason = match past.hold {
            Hold::No => None,
            Hold::Paused => Some(PauseReason::Stuck),
            Hold::Unread(reason) => Some(reason),
        };
        let gives_up = self.fold.status == JobStatus::Cancelling && reason == Some(PauseReason::Stuck);
        self.reading = false;
        self.unread = matches!(past.hold, Hold::Unread(_)) && !gives_up;
        if !self.unread {
            self.free.clone_from(&past.free);
            for (item, at) in &past.retry_at {
                if self.fold.item(*item) == Some(ItemStatus::Waiting) {
                    self.delay(*item, *at);
                }
            }
        }
        let held = reason.is_some_and(|reason| self.can_be_held(reason));
        // Until the pause is recorded nothing else is asked for.
        self.asked |= held;
        let interrupted = self.recover(id, &mut past, held, now, effects);
        if self.unread && !held {
            self.rest(now);
        }
        // The pause comes last: time counts as worked until an item's interruption is recorded.
        match reason {
            Some(reason) if held => effects.push(append(id, JobEvent::Paused { reason })),
            Some(_) if self.is_paused_by_person() => {}
            _ if self.unread => {}
            _ => self.go_on(id, interrupted, effects),
        }
    }

    /// Ends what was running; whether anything is interrupted. For that nothing has to be read, but for all else.
    fn recover(&mut self, id: JobId, past: &mut Past, held: bool, now: Millis, effects: &mut Vec<Effect>) -> bool {
        let mut interrupted = false;
        let unread = self.unread;
        let left = |status: &ItemStatus| match status {
            ItemStatus::Running => true,
            ItemStatus::Placing | ItemStatus::Interrupted => !unread,
            _ => false,
        };
        let mut items: Vec<_> = self.fold.items().filter(|(_, status)| left(status)).collect();
        // What ran comes first: time counts as worked until its interruption is recorded, and anything else would say until when.
        items.sort_by_key(|(_, status)| *status != ItemStatus::Running);
        for (item, status) in items {
            match self.recovery(item, status, past) {
                Recovery::Event(event, detail) => {
                    interrupted |= matches!(event, JobEvent::Recovered { .. });
                    effects.push(Effect::Append { job: id, event, detail });
                }
                Recovery::Asks => interrupted = true,
                Recovery::Open(reason) => {
                    self.leave_open(item, now, true);
                    if !held {
                        self.pause_for(id, reason, effects);
                    }
                }
            }
        }
        interrupted
    }

    fn recovery(&self, item: u32, status: ItemStatus, past: &mut Past) -> Recovery {
        let attempt = self.fold.last_attempt(item);
        let halted = self.fold.halt.is_some();
        let event = match status {
            ItemStatus::Running if mutants::is(Mutant::NothingInterrupted) => JobEvent::Returned { item, attempt },
            // Also where it is given up after that: at a moment that nobody saw it ended, and a night may lie between.
            ItemStatus::Running => JobEvent::Recovered { item, attempt },
            ItemStatus::Placing => match past.placed.remove(&item) {
                Some((verdict, detail)) => match end_of_placing(item, attempt, verdict, detail.as_deref()) {
                    Ok(Some(event)) => return Recovery::Event(event, detail),
                    Ok(None) => JobEvent::Recovered { item, attempt },
                    Err(reason) => return Recovery::Open(Some(reason)),
                },
                // The job ends, and nobody can ask for another look at it.
                None if past.hold == Hold::Unread(PauseReason::Stuck) => not_looked_at(item, attempt),
                None => return Recovery::Open(None),
            },
            ItemStatus::Interrupted if halted => JobEvent::Dropped { item },
            ItemStatus::Interrupted if !self.asks() => JobEvent::Requeued { item },
            _ => return Recovery::Asks,
        };
        Recovery::Event(event, None)
    }

    /// Whether a pause for this reason would hold the job.
    fn can_be_held(&self, reason: PauseReason) -> bool {
        match self.fold.status {
            JobStatus::Planning | JobStatus::Queued | JobStatus::Processing | JobStatus::Finishing => true,
            JobStatus::Paused { reason: now } => now != reason && !self.is_paused_by_person(),
            _ => false,
        }
    }

    fn is_paused_by_person(&self) -> bool {
        let person = |reason| matches!(reason, PauseReason::User | PauseReason::Stuck);
        matches!(self.fold.status, JobStatus::Paused { reason } if person(reason))
    }

    /// Something happened to a job of which nothing was read yet: that is done once somebody wants it to go on or to end.
    pub(super) fn is_wanted(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<Effect>) {
        let wanted = matches!(event, JobEvent::Resumed {} | JobEvent::Approved {} | JobEvent::CancelRequested {});
        if wanted {
            self.read(id, effects);
        }
    }

    /// A job that ends is not paused, so what could not be read of it is read once it has rested.
    pub(super) fn read_again(&mut self, id: JobId, now: Millis, effects: &mut Vec<Effect>) {
        if self.unread && self.fold.status == JobStatus::Cancelling && has_come(self.rests_until, now) {
            self.read(id, effects);
        }
    }

    fn read(&mut self, id: JobId, effects: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.reading, true) {
            effects.push(Effect::TakeUp { job: id });
        }
    }
}
