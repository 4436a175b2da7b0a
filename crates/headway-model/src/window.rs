//! A window of a job's items, taken from its fold, so that a page's rows agree with its counts.

use super::fold::Fold;
use super::item::ItemStatus;

/// Consecutive items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The items.
    pub rows: Vec<Row>,
    /// Pass this as `after` to get the next window; `None` if this is the last one.
    pub next: Option<u32>,
}

/// An item's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its index in the plan.
    pub item: u32,
    /// Its status.
    pub status: ItemStatus,
    /// Its last attempt; 0 if none.
    pub attempt: u32,
}

impl Fold {
    /// The first `limit` items after `after`, with the status of this label or with any.
    pub fn window(&self, status: Option<&str>, after: Option<u32>, limit: usize) -> Window {
        let from = after.map_or(0, |after| after as usize + 1);
        self.window_in(self.items().skip(from), status, limit)
    }

    /// The same of these items only, which are in order.
    pub fn window_of(&self, these: &[u32], status: Option<&str>, after: Option<u32>, limit: usize) -> Window {
        let behind = these.iter().copied().filter(|item| after.is_none_or(|after| *item > after));
        self.window_in(behind.filter_map(|item| Some((item, self.item(item)?))), status, limit)
    }

    fn window_in(&self, items: impl Iterator<Item = (u32, ItemStatus)>, status: Option<&str>, limit: usize) -> Window {
        let mut items = items.filter(|(_, now)| status.is_none_or(|word| word == now.label()));
        let row = |(item, status)| Row { item, status, attempt: self.last_attempt(item) };
        let rows: Vec<_> = items.by_ref().take(limit).map(row).collect();
        let next = items.next().and(rows.last()).map(|row| row.item);
        Window { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::ITEM_LABELS;
    use crate::testing::{cases, random_events, record};
    use proptest::prelude::*;

    /// The rows of all windows of a status, concatenated.
    fn walked(fold: &Fold, status: Option<&str>, limit: usize) -> Vec<Row> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let window = fold.window(status, after, limit);
            all.extend(window.rows);
            after = window.next;
            if after.is_none() {
                return all;
            }
        }
    }

    proptest! {
        #![proptest_config(cases(64))]
        #[test]
        fn the_windows_of_every_status_hold_what_is_counted_after_each_event(seed: u64, limit in 1_usize..5) {
            let events = random_events(seed, 60);
            for up_to in 1..=events.len() {
                let (_, fold) = record(&events[..up_to]);
                let counters = fold.counters;
                let counts = [
                    counters.waiting, counters.running, counters.interrupted, counters.succeeded,
                    counters.skipped, counters.failed, counters.cancelled,
                ];
                for (word, count) in ITEM_LABELS.into_iter().zip(counts) {
                    let rows = walked(&fold, Some(word), limit);
                    prop_assert_eq!(rows.len(), count as usize, "{} after event {}", word, fold.seq);
                    prop_assert!(rows.iter().all(|row| fold.item(row.item) == Some(row.status)));
                }
                let failed = walked(&fold, Some("failed"), usize::MAX);
                let these: Vec<_> = failed.iter().map(|row| row.item).collect();
                prop_assert_eq!(&fold.window_of(&these, None, None, usize::MAX).rows, &failed);
                if let [first, rest @ ..] = failed.as_slice() {
                    prop_assert_eq!(&fold.window_of(&these, Some("failed"), Some(first.item), usize::MAX).rows, rest);
                    prop_assert_eq!(fold.window_of(&these, Some("waiting"), None, limit), Window::default());
                }
                let all = walked(&fold, None, limit);
                prop_assert_eq!(all.len(), counters.total as usize);
                prop_assert!(all.is_sorted_by(|one, other| one.item < other.item));
            }
        }
    }
}
