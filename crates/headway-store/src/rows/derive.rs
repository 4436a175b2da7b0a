//! What each event changes in the rows: the same for the live path and for a rebuild.

use super::{Batch, ItemRow, ItemState};
use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{Millis, Seq};
use headway_model::item::ItemStatus;
use headway_model::{Fold, PlannedFile};

/// How long a lease holds without renewal, in milliseconds.
pub const LEASE: Millis = 30_000;

/// The detail of an event does not match its payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the detail of event {seq} does not match its payload: {reason}")]
pub struct BadDetail {
    /// The event.
    pub seq: Seq,
    /// What is wrong.
    pub reason: String,
}

impl Batch {
    /// Adds the item rows that are derived from one event, given the fold before and after it.
    pub fn derive(
        &mut self,
        job_no: u64,
        before: Option<&Idle>,
        after: &Fold,
        recorded: &Recorded,
        detail: Option<&str>,
    ) -> Result<(), BadDetail> {
        match &recorded.event {
            JobEvent::Planned { first, count, .. } => {
                self.plan(job_no, (*first, *count), after, recorded.seq, detail)?
            }
            JobEvent::Succeeded { item, .. } => self.move_item(job_no, *item, after, recorded, None, detail)?,
            JobEvent::Failed { item, message, .. } => {
                self.move_item(job_no, *item, after, recorded, Some(message), detail)?;
            }
            JobEvent::AttemptFailed { item, message, .. } => {
                self.move_item(job_no, *item, after, recorded, Some(message), None)?;
            }
            JobEvent::Started { item, .. }
            | JobEvent::Placing { item, .. }
            | JobEvent::Changing { item, .. }
            | JobEvent::Skipped { item, .. }
            | JobEvent::Returned { item, .. }
            | JobEvent::Stopped { item, .. }
            | JobEvent::Recovered { item, .. }
            | JobEvent::Requeued { item }
            | JobEvent::Dropped { item } => self.move_item(job_no, *item, after, recorded, None, None)?,
            // These concern no items, or cancel the idle ones.
            JobEvent::Created { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. } => {}
        }
        for (item, attempt) in before.into_iter().flat_map(|idle| &idle.0) {
            let state = ItemState { status: ItemStatus::Cancelled, attempt: *attempt, message: None, result: None };
            self.moved.push((job_no, *item, state));
        }
        Ok(())
    }

    /// Adds the rows of planned items. The detail lists their files.
    fn plan(
        &mut self,
        job_no: u64,
        (first, count): (u32, u32),
        after: &Fold,
        seq: Seq,
        detail: Option<&str>,
    ) -> Result<(), BadDetail> {
        let bad = |reason: &str| BadDetail { seq, reason: reason.to_owned() };
        let files: Vec<PlannedFile> =
            serde_json::from_str(detail.unwrap_or("[]")).map_err(|error| bad(&error.to_string()))?;
        if files.len() != count as usize {
            return Err(bad("the number of files differs"));
        }
        for (item, file) in (first..).zip(files) {
            let status = after.item(item).ok_or_else(|| bad("an item is missing"))?;
            let state = ItemState { status, attempt: 0, message: None, result: None };
            self.planned.push(ItemRow { job_no, item, file, state });
        }
        Ok(())
    }

    /// Adds an item's new state, and takes or releases its lease.
    fn move_item(
        &mut self,
        job_no: u64,
        item: u32,
        after: &Fold,
        recorded: &Recorded,
        message: Option<&String>,
        result: Option<&str>,
    ) -> Result<(), BadDetail> {
        let missing = || BadDetail { seq: recorded.seq, reason: "an item is missing".to_owned() };
        let status = after.item(item).ok_or_else(missing)?;
        let attempt = after.last_attempt(item);
        let (message, result) = (message.cloned(), result.map(str::to_owned));
        self.moved.push((job_no, item, ItemState { status, attempt, message, result }));
        if status != ItemStatus::Placing {
            let lease = (status == ItemStatus::Running).then_some((attempt, recorded.at + LEASE));
            self.leases.insert((job_no, item), lease);
        }
        Ok(())
    }
}

/// The items that a cancelling event will cancel, with the last attempts that their rows store.
pub struct Idle(Vec<(u32, u32)>);

impl Idle {
    /// Finds them before the event is folded; `None` if the event cancels nothing.
    pub fn before(fold: &Fold, event: &JobEvent) -> Option<Idle> {
        if !matches!(event, JobEvent::Halted { .. } | JobEvent::Cancelled {}) {
            return None;
        }
        let idle = fold.items().filter(|(_, status)| status.is_idle());
        Some(Idle(idle.map(|(item, _)| (item, fold.last_attempt(item))).collect()))
    }
}
