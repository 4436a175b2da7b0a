//! Takes up a job that the last process left.

use super::job::Job;
use super::outcome::{end_of_placing, is_given_up, not_recovered};
use super::retry::has_come;
use super::{RecoveredState, ScheduleEffect, StartHold, append};
use headway_model::event::JobEvent;
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::{JobStatus, PauseReason};

/// How an open item that no worker holds is recovered.
enum Recovery {
    /// By recording this event with this detail.
    Event(JobEvent, Option<String>),
    /// By a person's decision.
    Asks,
    /// By another look later; the reason if this one failed.
    Open(Option<PauseReason>),
}

impl Job {
    /// Interrupts items that were running, and lets the job go on unless it is held.
    pub(super) fn take_up(
        &mut self,
        id: JobId,
        mut past: RecoveredState,
        now: Millis,
        effects: &mut Vec<ScheduleEffect>,
    ) {
        let reason = match past.hold {
            StartHold::No => None,
            StartHold::Paused => Some(PauseReason::Stuck),
            StartHold::Unread(reason) => Some(reason),
        };
        let gives_up = self.fold.status == JobStatus::Cancelling && reason.is_some_and(is_given_up);
        self.reading = false;
        self.unread = matches!(past.hold, StartHold::Unread(_)) && !gives_up;
        if !self.unread {
            self.uncounted.clone_from(&past.uncounted);
            for (item, at) in &past.retry_at {
                if self.fold.item(*item) == Some(ItemStatus::Waiting) {
                    self.delay(*item, *at);
                }
            }
        }
        let held = reason.is_some_and(|reason| self.can_be_held(reason));
        // Nothing else is requested until the pause is recorded.
        self.asked |= held;
        let interrupted = self.recover(id, &mut past, held, now, effects);
        if self.unread && !held {
            self.rest(now);
        }
        // The pause comes last, because time counts as worked until an item's interruption is recorded.
        match reason {
            Some(reason) if held => effects.push(append(id, JobEvent::Paused { reason })),
            Some(_) if self.is_paused_by_person() => {}
            _ if self.unread => {}
            _ => self.go_on(id, interrupted, effects),
        }
    }

    /// Recovers the open items; whether any is interrupted. Without the log only running items can be recovered.
    fn recover(
        &mut self,
        id: JobId,
        past: &mut RecoveredState,
        held: bool,
        now: Millis,
        effects: &mut Vec<ScheduleEffect>,
    ) -> bool {
        let mut interrupted = false;
        let unread = self.unread;
        let left = |status: &ItemStatus| match status {
            ItemStatus::Running => true,
            ItemStatus::Placing | ItemStatus::Interrupted => !unread,
            _ => false,
        };
        let mut items: Vec<_> = self.fold.items().filter(|(_, status)| left(status)).collect();
        // Running items come first: time counts as worked until their interruption is recorded.
        items.sort_by_key(|(_, status)| *status != ItemStatus::Running);
        for (item, status) in items {
            match self.recovery(item, status, past) {
                Recovery::Event(event, detail) => {
                    interrupted |= matches!(event, JobEvent::Recovered { .. });
                    effects.push(ScheduleEffect::Append { job: id, event, detail });
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

    fn recovery(&self, item: u32, status: ItemStatus, past: &mut RecoveredState) -> Recovery {
        let attempt = self.fold.last_attempt(item);
        let halted = self.fold.halt.is_some();
        let event = match status {
            ItemStatus::Running if mutants::is(Mutant::NothingInterrupted) => JobEvent::Returned { item, attempt },
            // This comes first even if the item is given up next: nobody saw when it ended, and that can have been
            // many hours ago.
            ItemStatus::Running => JobEvent::Recovered { item, attempt, alive: past.alive },
            ItemStatus::Placing => match past.placed.remove(&item) {
                Some((state, detail)) => match end_of_placing(item, attempt, state, detail.as_deref()) {
                    Ok(Some(event)) => return Recovery::Event(event, detail),
                    Ok(None) => JobEvent::Recovered { item, attempt, alive: None },
                    Err(reason) => return Recovery::Open(Some(reason)),
                },
                // The job ends and cannot be resumed, so there is no second look.
                None if matches!(past.hold, StartHold::Unread(_)) => not_recovered(item, attempt),
                None => return Recovery::Open(None),
            },
            // The end of the cancel cancels it.
            ItemStatus::Interrupted if self.fold.status == JobStatus::Cancelling => return Recovery::Asks,
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

    /// Reads what the last process left of a job as soon as someone resumes, approves or cancels it.
    pub(super) fn is_wanted(&mut self, id: JobId, event: &JobEvent, effects: &mut Vec<ScheduleEffect>) {
        let wanted = matches!(event, JobEvent::Resumed {} | JobEvent::Approved {} | JobEvent::CancelRequested {});
        if wanted {
            self.read(id, effects);
        }
    }

    /// Reads a job that is being cancelled again once it has rested: it is not paused, so nobody will resume it.
    pub(super) fn read_again(&mut self, id: JobId, now: Millis, effects: &mut Vec<ScheduleEffect>) {
        if self.unread && self.fold.status == JobStatus::Cancelling && has_come(self.rests_until, now) {
            self.read(id, effects);
        }
    }

    fn read(&mut self, id: JobId, effects: &mut Vec<ScheduleEffect>) {
        if !std::mem::replace(&mut self.reading, true) {
            effects.push(ScheduleEffect::TakeUp { job: id });
        }
    }
}
