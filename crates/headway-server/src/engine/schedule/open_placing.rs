//! Placings that no worker holds any longer. A look at the disk finds out how far each of them got.

use super::job::{Job, OpenPlacing};
use super::retry::has_come;
use super::{ScheduleEffect, rest};
use headway_model::id::{JobId, Millis};
use headway_model::item::ItemStatus;
use headway_model::mutants::{self, Mutant};
use headway_model::status::JobStatus;

impl Job {
    /// Notes that no worker holds this item's placing any longer, and that it is unknown how far it got.
    pub(super) fn leave_open(&mut self, item: u32, now: Millis, died: bool) {
        let due = now + rest(self.shortages);
        self.open.insert(item, OpenPlacing { due, died });
    }

    /// Requests a look at open placings that are due. Not while the job is paused: the reason for the pause still stands.
    pub(super) fn judge_open(&mut self, id: JobId, now: Millis, effects: &mut Vec<ScheduleEffect>) {
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
            effects.push(ScheduleEffect::Judge { job: id, item });
        }
    }
}
