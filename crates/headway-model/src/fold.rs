//! A job's state, folded from its events up to a `seq`.

use std::collections::BTreeMap;

use super::counters::Counters;
use super::digest::Digest;
use super::done::Reruns;
use super::event::{HaltBy, HaltWhen, JobEvent, Outcome, Recorded, UnknownEvent};
use super::id::{JobId, Millis, Seq};
use super::item::ItemStatus;
use super::next::{FoldChange, Refusal, next};
use super::status::JobStatus;
use super::worked::Worked;

/// A job after its first `seq` events. It takes one byte an item, so a job of 100,000 files takes 100 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The job.
    pub id: JobId,
    /// How many events were folded.
    pub seq: Seq,
    /// The digest over these events.
    pub digest: Digest,
    /// The name of the recipe.
    pub recipe: String,
    /// The title that a person reads.
    pub title: String,
    /// Hash of the request.
    pub request: Digest,
    /// The job this one retries.
    pub parent: Option<JobId>,
    /// Its status.
    pub status: JobStatus,
    /// Whether a person must approve the plan.
    pub approval: bool,
    /// Whether the list of items is complete.
    pub plan_ended: bool,
    /// How many already processed items run again.
    pub reruns: Reruns,
    /// The halt, once the job is halted.
    pub halt: Option<(HaltBy, HaltWhen)>,
    /// Higher priorities run first.
    pub priority: i32,
    /// Maximum number of items to run at once; 0 lets the server decide.
    pub concurrency: u32,
    /// Why the job as a whole failed, as a text for people.
    pub message: Option<String>,
    /// When it was created.
    pub created: Millis,
    /// When it first began to process.
    pub began: Option<Millis>,
    /// When it ended.
    pub ended: Option<Millis>,
    /// How long it has been at work; `None` if it has not begun, or if an older version recorded its beginning.
    pub worked: Option<Worked>,
    /// Whether its history was removed.
    pub pruned: bool,
    /// Items by status.
    pub counters: Counters,
    /// How many of the running items are having their output placed.
    pub(super) placing: u32,
    pub(super) items: Vec<u8>,
    pub(super) attempts: BTreeMap<u32, u32>,
}

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
            attempts: BTreeMap::new(),
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

    /// The status of an item.
    pub fn item(&self, item: u32) -> Option<ItemStatus> {
        self.items.get(item as usize).copied().and_then(ItemStatus::from_byte)
    }

    /// Every item, in order.
    pub fn items(&self) -> impl Iterator<Item = (u32, ItemStatus)> + '_ {
        (0u32..).zip(self.items.iter().filter_map(|byte| ItemStatus::from_byte(*byte)))
    }

    /// Every item in order, by the byte that [`ItemStatus::byte`] makes of its status.
    pub fn bytes(&self) -> &[u8] {
        &self.items
    }

    /// The number of the item's last attempt; 0 if it was never tried.
    pub fn last_attempt(&self, item: u32) -> u32 {
        let once = |status| {
            matches!(
                status,
                ItemStatus::Succeeded(_) | ItemStatus::Failed(_) | ItemStatus::Skipped { planned: false, .. }
            )
        };
        match self.attempts.get(&item) {
            Some(attempt) => *attempt,
            None => u32::from(self.item(item).is_some_and(once)),
        }
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
            self.attempts.remove(&item);
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
        // A placing can stay open for hours, until its files can be examined.
        let runs = self.counters.running > self.placing;
        self.worked.iter_mut().for_each(|worked| worked.hear(recorded, runs));
        if self.status.is_terminal() {
            self.ended = self.ended.or(Some(recorded.at));
        }
    }
}
