//! The items that events might have settled, and how to read them with few calls.

use std::collections::{BTreeSet, HashMap};

use headway_model::JobId;
use headway_model::event::{JobEvent, Recorded};
use headway_model::event_kind::EventKind;
use headway_store::rows::EventRow;

/// Items that are at most this far apart are read together.
const ITEM_GAP_LIMIT: u32 = 64;

/// The items that these events might have settled, by job.
pub(super) fn touched(page: &[EventRow]) -> HashMap<u64, (JobId, BTreeSet<u32>)> {
    let mut jobs: HashMap<u64, (JobId, BTreeSet<u32>)> = HashMap::new();
    for row in page {
        // About half of the events are these, and need not be decoded.
        if EventKind::of_payload(&row.payload) == Some(EventKind::Started) {
            continue;
        }
        let Ok(recorded) = Recorded::decode(&row.payload) else { continue };
        let items = &mut jobs.entry(row.job_no).or_insert((row.job, BTreeSet::new())).1;
        match recorded.event {
            JobEvent::Planned { skips, .. } => {
                items.extend(skips.into_iter().flat_map(|(first, count, _)| first..first.saturating_add(count)));
            }
            JobEvent::Succeeded { item, .. }
            | JobEvent::Skipped { item, .. }
            | JobEvent::Failed { item, .. }
            | JobEvent::Dropped { item } => drop(items.insert(item)),
            // These end no item, and cancelled items have no outcome.
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
            | JobEvent::Pruned { .. }
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. } => {}
        }
    }
    jobs.retain(|_, (_, items)| !items.is_empty());
    jobs
}

/// Ranges that cover these items: first index, length.
pub(super) fn runs(items: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some((first, count)) if item - *first < *count + ITEM_GAP_LIMIT => *count = item - *first + 1,
            _ => runs.push((*item, 1)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_items_are_read_at_once() {
        let runs = |items: &[u32]| runs(&items.iter().copied().collect());
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[3, 4, 60, 500, 501]), [(3, 58), (500, 2)]);
    }
}
