//! The tries of a job's items, according to its log.

use std::collections::{BTreeMap, BTreeSet};

use headway_model::Millis;
use headway_model::event::JobEvent;
use headway_model::event_kind::EventKind;

/// The effect of an event on the tries of its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TryStep {
    /// The attempt does not count as a try.
    Uncounted,
    /// The next attempt has to wait.
    Delayed,
    /// The item failed.
    Failed,
    /// The item waits for an attempt again, which can begin at once.
    Requeued,
}

impl TryStep {
    /// The effect of events of this kind on tries. A new kind of event does not compile until it is in this list.
    fn of(kind: EventKind) -> Option<TryStep> {
        use EventKind as K;
        match kind {
            K::Returned | K::Recovered => Some(TryStep::Uncounted),
            K::AttemptFailed => Some(TryStep::Delayed),
            K::Failed | K::Dropped => Some(TryStep::Failed),
            K::Requeued => Some(TryStep::Requeued),
            K::Created
            | K::Planned
            | K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Cancelled
            | K::Ended
            | K::Changed
            | K::Pruned
            | K::Started
            | K::Placing
            | K::Changing
            | K::Succeeded
            | K::Skipped
            | K::Stopped => None,
        }
    }
}

/// The tries of a job's items, from the events that concern them.
#[derive(Debug, Default)]
pub(super) struct Tries {
    /// Attempts that do not count as tries.
    pub(super) uncounted: BTreeMap<u32, u32>,
    /// When waiting items are due again.
    pub(super) retry_at: BTreeMap<u32, Millis>,
    /// The last attempts of items.
    last: BTreeMap<u32, u32>,
    /// Items that failed.
    failed: BTreeSet<u32>,
}

impl Tries {
    /// Whether events of this kind mean something to the tries of their item.
    pub(super) fn concerns(kind: EventKind) -> bool {
        TryStep::of(kind).is_some()
    }

    /// Takes in the effect of an event on the tries of its item.
    pub(super) fn follow(&mut self, event: &JobEvent) {
        let (Some(step), Some((item, attempt))) = (TryStep::of(event.kind()), event.item()) else { return };
        self.last.extend(attempt.map(|attempt| (item, attempt)));
        match step {
            TryStep::Uncounted => *self.uncounted.entry(item).or_default() += 1,
            TryStep::Delayed => {
                if let JobEvent::AttemptFailed { retry_at, .. } = event {
                    self.retry_at.insert(item, *retry_at);
                }
            }
            TryStep::Failed => drop(self.failed.insert(item)),
            TryStep::Requeued => {
                self.retry_at.remove(&item);
                // A failed item that a person retries gets all its tries again.
                if self.failed.remove(&item) {
                    self.uncounted.extend(self.last.get(&item).map(|last| (item, *last)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::FailReason;

    #[test]
    fn a_failed_item_that_a_person_retries_has_all_its_tries_again_even_after_a_restart() {
        let (reason, message) = (FailReason::Command, String::new());
        let failed =
            |attempt| JobEvent::AttemptFailed { item: 3, attempt, retry_at: 9, reason, message: message.clone() };
        let gone = JobEvent::Failed { item: 3, attempt: 2, reason, message: message.clone(), detail: None };
        let free = |events: &[JobEvent]| {
            let mut tries = Tries::default();
            events.iter().for_each(|event| tries.follow(event));
            (tries.uncounted.get(&3).copied(), tries.retry_at.get(&3).copied())
        };
        let requeued = JobEvent::Requeued { item: 3 };
        assert_eq!(free(&[failed(1), gone.clone(), requeued.clone()]), (Some(2), None));
        assert_eq!(free(&[failed(1), gone, requeued.clone(), failed(3)]), (Some(2), Some(9)));
        // An interrupted attempt is free by itself, and gives the others back only if the item was given up.
        let recovered = JobEvent::Recovered { item: 3, attempt: 2, alive: None };
        assert_eq!(free(&[failed(1), recovered.clone(), requeued.clone()]), (Some(1), None));
        assert_eq!(free(&[failed(1), recovered, JobEvent::Dropped { item: 3 }, requeued]), (Some(2), None));
    }
}
