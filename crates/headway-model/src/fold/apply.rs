//! Folds events: each is checked by [`next`] first, and then changes the state.

use super::{Fold, LastAttempts};
use crate::counters::Counters;
use crate::digest::Digest;
use crate::done::Reruns;
use crate::event::{JobEvent, Outcome, Recorded, UnknownEvent};
use crate::id::Seq;
use crate::item::ItemStatus;
use crate::next::{FoldChange, Refusal, next};
use crate::worked::Worked;

/// Why a payload was not folded. The fold is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Its `seq` is not the next one.
    #[error("expected event {expected}, found event {found}")]
    Gap {
        /// The `seq` that was expected.
        expected: Seq,
        /// The `seq` that was found.
        found: Seq,
    },
    /// The event cannot happen in this state.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// This version does not know the event.
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
}

impl Fold {
    /// Creates the job from its first event.
    pub fn create(payload: &str) -> Result<Self, FoldError> {
        let recorded = Recorded::decode(payload)?;
        Fold::create_recorded(&recorded, payload)
    }

    /// Like [`Fold::create`], for a payload that is already decoded.
    pub fn create_recorded(recorded: &Recorded, payload: &str) -> Result<Self, FoldError> {
        let JobEvent::Created { id, .. } = &recorded.event else { return Err(Refusal::NotCreated.into()) };
        Fold::create_numbered(recorded, Digest::start(id).then(payload.as_bytes()))
    }

    /// Like [`Fold::create`], for an event whose digest is known.
    pub fn create_numbered(recorded: &Recorded, digest: Digest) -> Result<Self, FoldError> {
        let status = next(None, &recorded.event)?.status;
        let JobEvent::Created { id, recipe, title, request, approval, priority, concurrency, parent, .. } =
            &recorded.event
        else {
            return Err(Refusal::NotCreated.into());
        };
        if recorded.seq != 1 {
            return Err(FoldError::Gap { expected: 1, found: recorded.seq });
        }
        Ok(Fold {
            id: *id,
            seq: 1,
            digest,
            recipe: recipe.clone(),
            title: title.clone(),
            request: *request,
            parent: *parent,
            status,
            approval: *approval,
            plan_ended: false,
            reruns: Reruns::default(),
            halt: None,
            priority: *priority,
            concurrency: *concurrency,
            message: None,
            created: recorded.at,
            began: None,
            ended: None,
            worked: None,
            pruned: false,
            counters: Counters::default(),
            placing: 0,
            items: Vec::new(),
            attempts: LastAttempts::default(),
        })
    }

    /// Folds the next event.
    pub fn apply(&mut self, payload: &str) -> Result<Recorded, FoldError> {
        let recorded = Recorded::decode(payload)?;
        self.apply_recorded(&recorded, payload)?;
        Ok(recorded)
    }

    /// Like [`Fold::apply`], for a payload that is already decoded.
    pub fn apply_recorded(&mut self, recorded: &Recorded, payload: &str) -> Result<(), FoldError> {
        self.apply_numbered(recorded, self.digest.then(payload.as_bytes()))
    }

    /// Like [`Fold::apply`], for an event whose digest is known.
    pub fn apply_numbered(&mut self, recorded: &Recorded, digest: Digest) -> Result<(), FoldError> {
        if recorded.seq != self.seq + 1 {
            return Err(FoldError::Gap { expected: self.seq + 1, found: recorded.seq });
        }
        let step = next(Some(self), &recorded.event)?;
        self.seq = recorded.seq;
        self.digest = digest;
        self.status = step.status;
        self.change(step.change);
        self.note(recorded);
        Ok(())
    }

    fn change(&mut self, change: FoldChange) {
        match change {
            FoldChange::Head => {}
            FoldChange::Items { count, skips } => {
                let first = self.items.len();
                self.items.resize(first + count as usize, ItemStatus::Waiting.byte());
                for (start, length, reason) in skips {
                    let run = start as usize..(start + length) as usize;
                    self.items[run].fill(ItemStatus::Skipped { reason, planned: true }.byte());
                }
                for byte in &self.items[first..] {
                    ItemStatus::from_byte(*byte).into_iter().for_each(|status| self.counters.add(status));
                }
            }
            FoldChange::Item { item, from, to, attempt } => self.move_item(item, from, to, attempt),
            FoldChange::CancelIdle => {
                let idle: Vec<_> = self.items().filter(|(_, status)| status.is_idle()).collect();
                for (item, from) in idle {
                    self.move_item(item, from, ItemStatus::Cancelled, self.last_attempt(item));
                }
            }
        }
    }

    fn move_item(&mut self, item: u32, from: ItemStatus, to: ItemStatus, attempt: u32) {
        self.items[item as usize] = to.byte();
        self.counters.shift(from, to);
        self.placing += u32::from(to == ItemStatus::Placing);
        self.placing -= u32::from(from == ItemStatus::Placing);
        // Only items that are tried but not settled, or tried more than once, need an entry.
        if attempt > 1 || (attempt == 1 && to.is_open()) {
            self.attempts.insert(item, attempt);
        } else {
            self.attempts.remove(item);
        }
    }

    /// Copies what the event says about the job apart from its status and items.
    fn note(&mut self, recorded: &Recorded) {
        match &recorded.event {
            JobEvent::PlanEnded { reruns, .. } => (self.plan_ended, self.reruns) = (true, *reruns),
            JobEvent::Began {} => {
                if self.began.is_none() {
                    (self.began, self.worked) = (Some(recorded.at), Some(Worked::default()));
                }
            }
            JobEvent::Halted { by, when } => self.halt = Some((*by, *when)),
            JobEvent::Changed { priority, concurrency } => {
                self.priority = priority.unwrap_or(self.priority);
                self.concurrency = concurrency.unwrap_or(self.concurrency);
            }
            JobEvent::Ended { outcome } => match outcome {
                Outcome::Failed { message, .. } => self.message = Some(message.clone()),
                Outcome::Completed | Outcome::CompletedWithErrors => {}
            },
            JobEvent::Pruned { .. } => self.pruned = true,
            // Handled when the fold is created.
            JobEvent::Created { .. } => {}
            // These change only the status or items.
            JobEvent::Planned { .. }
            | JobEvent::Approved {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Succeeded { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => {}
        }
        // A placing can stay open for hours, until its files can be inspected.
        let runs = self.counters.running > self.placing;
        self.worked.iter_mut().for_each(|worked| worked.apply(recorded, runs));
        if self.status.is_terminal() {
            self.ended = self.ended.or(Some(recorded.at));
        }
    }
}
