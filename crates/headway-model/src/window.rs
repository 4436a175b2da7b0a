//! A window of a job's items, taken from its fold, so that a page's rows agree with its counts.

use super::fold::Fold;
use super::item::{ItemStatus, SkipReason, StatusFilter};

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

/// A part of a list of items, and the length of the whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemsPart {
    /// The items of this part.
    pub rows: Vec<Row>,
    /// The length of the whole list.
    pub total: u32,
}

/// Where an item is in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemPosition {
    /// Whether it is in the list.
    pub is_listed: bool,
    /// How many items come before it.
    pub at: u32,
    /// The item before it.
    pub previous: Option<u32>,
    /// The item after it.
    pub next: Option<u32>,
    /// The length of the whole list.
    pub total: u32,
}

impl Fold {
    /// Up to `limit` rows of a list, beginning with row `first` (counted from 0). The list holds the items with the
    /// status of this filter, or with any status if `None`, and only those among `these`, which must be in order, or
    /// all items if `None`. Scans every item's byte, so the cost does not depend on `first`.
    pub fn listed(&self, status: Option<StatusFilter>, these: Option<&[u32]>, first: u32, limit: usize) -> ItemsPart {
        let mut listed = ItemsPart::default();
        self.each(status, these, |item| {
            if listed.total >= first && listed.rows.len() < limit {
                listed.rows.extend(self.row(item));
            }
            listed.total += 1;
        });
        listed
    }

    /// Where an item is in the same list.
    pub fn place(&self, status: Option<StatusFilter>, these: Option<&[u32]>, item: u32) -> ItemPosition {
        let mut place = ItemPosition::default();
        self.each(status, these, |other| {
            place.total += 1;
            if other < item {
                place.at += 1;
                place.previous = Some(other);
            } else if other > item && place.next.is_none() {
                place.next = Some(other);
            }
            place.is_listed |= other == item;
        });
        place
    }

    fn each(&self, status: Option<StatusFilter>, these: Option<&[u32]>, mut visit: impl FnMut(u32)) {
        // By byte: nothing is decoded or compared as text for each item.
        let wanted: [bool; 256] = std::array::from_fn(|byte| {
            let known = u8::try_from(byte).ok().and_then(ItemStatus::from_byte);
            known.is_some_and(|known| status.is_none_or(|status| known.is_listed_by(status)))
        });
        let is_wanted = |byte: u8| wanted[usize::from(byte)];
        match these {
            None => (0u32..).zip(&self.items).filter(|(_, byte)| is_wanted(**byte)).for_each(|(item, _)| visit(item)),
            Some(these) => {
                let byte = |item: u32| self.items.get(item as usize).copied();
                these.iter().filter(|item| byte(**item).is_some_and(is_wanted)).for_each(|item| visit(*item));
            }
        }
    }

    /// The items that were skipped for a reason, in order.
    pub fn skipped_for(&self, wanted: SkipReason) -> Vec<u32> {
        let is_wanted = |status: ItemStatus| matches!(status, ItemStatus::Skipped { reason, .. } if reason == wanted);
        self.items().filter(|(_, status)| is_wanted(*status)).map(|(item, _)| item).collect()
    }

    /// The state of an item.
    pub fn row(&self, item: u32) -> Option<Row> {
        self.item(item).map(|status| Row { item, status, attempt: self.last_attempt(item) })
    }

    /// The first `limit` items after `after`, with the status of this filter or with any.
    pub fn window(&self, status: Option<StatusFilter>, after: Option<u32>, limit: usize) -> Window {
        let from = after.map_or(0, |after| after as usize + 1);
        self.window_in(self.items().skip(from), status, limit)
    }

    /// The first `limit` of these items after `after`, with the status of this filter or with any. They must be in
    /// order.
    pub fn window_of(&self, these: &[u32], status: Option<StatusFilter>, after: Option<u32>, limit: usize) -> Window {
        let behind = these.iter().copied().filter(|item| after.is_none_or(|after| *item > after));
        self.window_in(behind.filter_map(|item| Some((item, self.item(item)?))), status, limit)
    }

    fn window_in(
        &self,
        items: impl Iterator<Item = (u32, ItemStatus)>,
        status: Option<StatusFilter>,
        limit: usize,
    ) -> Window {
        let mut items = items.filter(|(_, now)| status.is_none_or(|status| now.is_listed_by(status)));
        let row = |(item, status)| Row { item, status, attempt: self.last_attempt(item) };
        let rows: Vec<_> = items.by_ref().take(limit).map(row).collect();
        let next = items.next().and(rows.last()).map(|row| row.item);
        Window { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::ItemLabel;
    use crate::testing::{cases, random_events, record};
    use proptest::prelude::*;

    /// The rows of all windows of a status, concatenated.
    fn walked(fold: &Fold, status: Option<StatusFilter>, limit: usize) -> Vec<Row> {
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
                for (label, count) in ItemLabel::ALL.into_iter().zip(counts) {
                    let status = Some(label.into());
                    let rows = walked(&fold, status, limit);
                    prop_assert_eq!(rows.len(), count as usize, "{} after event {}", label, fold.seq);
                    let listed = fold.listed(status, None, 0, usize::MAX);
                    prop_assert_eq!((&listed.rows, listed.total), (&rows, count));
                    for (at, row) in rows.iter().enumerate() {
                        let part = fold.listed(status, None, at as u32, limit);
                        prop_assert_eq!(&part.rows, &rows[at..rows.len().min(at + limit)]);
                        let beside = |at: Option<usize>| at.and_then(|at| rows.get(at)).map(|row| row.item);
                        let place = ItemPosition {
                            is_listed: true, at: at as u32, previous: beside(at.checked_sub(1)), next: beside(Some(at + 1)), total: count
                        };
                        prop_assert_eq!(fold.place(status, None, row.item), place);
                    }
                    prop_assert!(rows.iter().all(|row| fold.item(row.item) == Some(row.status)));
                }
                let (failed, waiting) = (Some(ItemLabel::Failed.into()), Some(ItemLabel::Waiting.into()));
                let all_failed = walked(&fold, failed, usize::MAX);
                let these: Vec<_> = all_failed.iter().map(|row| row.item).collect();
                prop_assert_eq!(&fold.window_of(&these, None, None, usize::MAX).rows, &all_failed);
                prop_assert_eq!(&fold.listed(None, Some(&these), 0, usize::MAX).rows, &all_failed);
                prop_assert_eq!(fold.listed(waiting, Some(&these), 0, limit), ItemsPart::default());
                if let [first, rest @ ..] = all_failed.as_slice() {
                    prop_assert_eq!(&fold.window_of(&these, failed, Some(first.item), usize::MAX).rows, rest);
                    prop_assert_eq!(fold.window_of(&these, waiting, None, limit), Window::default());
                }
                let all = walked(&fold, None, limit);
                prop_assert_eq!(all.len(), counters.total as usize);
                prop_assert!(all.is_sorted_by(|one, other| one.item < other.item));
            }
        }
    }
}
