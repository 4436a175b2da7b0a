//! Checks an event about one item: first the job, then the item, then the attempt, in the order in which a person
//! would ask.

use super::{FoldChange, Next, Refusal};
use crate::event::JobEvent;
use crate::fold::Fold;
use crate::item::ItemStatus;
use crate::mutants::{self, Mutant};

/// An event about one item, before its item and attempt are checked.
pub(super) struct ItemStep<'a> {
    fold: &'a Fold,
    event: &'a JobEvent,
    item: u32,
}

/// The same event, once the job and the item fit it.
pub(super) struct ItemMove<'a> {
    step: ItemStep<'a>,
    from: ItemStatus,
    to: ItemStatus,
}

impl<'a> ItemStep<'a> {
    pub(super) fn new(fold: &'a Fold, event: &'a JobEvent, item: u32) -> Self {
        ItemStep { fold, event, item }
    }

    /// Checks that the item exists, and that the job's status and halt allow the event.
    pub(super) fn in_job(self, status_fits: bool, halt_fits: bool) -> Result<Self, Refusal> {
        let (name, status) = (self.event.name(), self.fold.status);
        if self.fold.item(self.item).is_none() {
            return Err(Refusal::NoItem(self.item));
        }
        if !status_fits {
            return Err(Refusal::Status { event: name, status: status.label() });
        }
        if !halt_fits {
            return Err(Refusal::Halt(name));
        }
        Ok(self)
    }

    /// Moves the item from the first status to the second; the event is not allowed in any other.
    pub(super) fn moves(self, from: ItemStatus, to: ItemStatus) -> Result<ItemMove<'a>, Refusal> {
        self.to(|found| (found == from).then_some(to))
    }

    /// Ends the attempt that holds the item, even while it is placing its output.
    pub(super) fn ends(self, to: ItemStatus) -> Result<ItemMove<'a>, Refusal> {
        self.to(|found| found.is_running().then_some(to))
    }

    /// Moves the item from its status to the one that `to` returns, which is `None` if the event is not allowed there.
    pub(super) fn to(self, to: impl FnOnce(ItemStatus) -> Option<ItemStatus>) -> Result<ItemMove<'a>, Refusal> {
        let from = self.fold.item(self.item).ok_or(Refusal::NoItem(self.item))?;
        let to = to(from).ok_or(Refusal::Item { event: self.event.name(), status: from.label().name() })?;
        Ok(ItemMove { step: self, from, to })
    }
}

impl ItemMove<'_> {
    /// The event's attempt must be the item's current one.
    pub(super) fn by(self, attempt: u32) -> Result<Next, Refusal> {
        let present = self.last();
        self.fenced(attempt, present)
    }

    /// The event's attempt must be the one after the item's last.
    pub(super) fn by_next(self, attempt: u32) -> Result<Next, Refusal> {
        let present = self.last() + 1;
        self.fenced(attempt, present)
    }

    /// The event carries no attempt.
    pub(super) fn by_last(self) -> Result<Next, Refusal> {
        let present = self.last();
        self.fenced(present, present)
    }

    fn last(&self) -> u32 {
        self.step.fold.last_attempt(self.step.item)
    }

    fn fenced(self, given: u32, present: u32) -> Result<Next, Refusal> {
        if given != present && !mutants::is(Mutant::NoFence) {
            return Err(Refusal::Attempt { given, present });
        }
        let ItemMove { step, from, to } = self;
        Ok(Next { status: step.fold.status, change: FoldChange::Item { item: step.item, from, to, attempt: present } })
    }
}
