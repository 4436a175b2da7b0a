//! Placings that no worker holds any longer. Inspecting the disk shows how far each of them got.

use super::job::{Job, OpenPlacing};
use super::outcome::not_recovered;
use super::retry::has_come;
use super::{ScheduleEffect, rest};
use headway_model::event::JobEvent;
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::{JobStatus, PauseReason};

/// If the storage reports an error at this many inspections in a row, within a few minutes, the item fails.
pub(super) const LOOKS_LIMIT: u32 = 8;

impl Job {
    /// Notes that no worker holds this item's placing any longer, and that it is unknown how far it got.
    pub(super) fn leave_open(&mut self, item: u32, now: Millis, died: bool) {
        self.leave_open_after(item, now, died, 0);
    }

    /// Notes that nobody knows how far an open placing got, after this many looks in a row at which the storage
    /// reported an error.
    fn leave_open_after(&mut self, item: u32, now: Millis, died: bool, looks: u32) {
        let due = now + rest(self.shortages.max(looks));
        self.placings.open.insert(item, OpenPlacing { due, died, looks });
    }

    /// Another inspection does not show how far the placing got, for this reason. The storage might fail at this file
    /// alone, so the job goes on with others meanwhile. Returns the end of the item if it has been inspected often
    /// enough.
    pub(super) fn unseen(
        &mut self,
        id: JobId,
        (item, open): (u32, OpenPlacing),
        reason: PauseReason,
        now: Millis,
        effects: &mut Vec<ScheduleEffect>,
    ) -> Option<JobEvent> {
        let is_storage = reason == PauseReason::StorageErrors;
        let looks = open.looks + u32::from(is_storage);
        if looks >= LOOKS_LIMIT {
            return Some(not_recovered(item, self.fold.last_attempt(item)));
        }
        self.leave_open_after(item, now, open.died, looks);
        let has_others = !self.active.is_empty() || self.fold.counters.waiting > 0;
        if !(is_storage && has_others) {
            self.pause_for(id, Some(reason), effects);
        }
        None
    }

    /// Requests a look at open placings that are due. Not while the job is paused, because the reason for the pause
    /// still exists.
    pub(super) fn recover_open(&mut self, id: JobId, now: Millis, effects: &mut Vec<ScheduleEffect>) {
        let active = matches!(self.fold.status, JobStatus::Queued | JobStatus::Processing | JobStatus::Cancelling);
        if !active || self.unread || mutants::is(Mutant::PlacingForgotten) {
            return;
        }
        let placing = |item: &u32| self.fold.item(*item) == Some(ItemStatus::Placing);
        let due: Vec<_> =
            self.placings.open.iter().filter(|(item, open)| has_come(open.due, now) && placing(item)).collect();
        let due: Vec<_> = due.into_iter().map(|(item, open)| (*item, *open)).collect();
        for (item, open) in due {
            self.placings.open.remove(&item);
            self.placings.recovering.insert(item, open);
            effects.push(ScheduleEffect::RecoverPlacing { job: id, item });
        }
    }
}
