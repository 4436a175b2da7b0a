//! Which of the row elements that a list has made shows which of its rows. An element whose row leaves the page gets another row, because
//! making one takes a browser many times as long as changing its text.

use std::ops::Range;

/// The row elements of a list by number, in the order in which they were made. A row is named by a number that grows along the list.
#[derive(Debug, Default)]
pub(in crate::ui) struct RowSlots {
    /// The row that each of them showed last.
    shows: Vec<Option<u32>>,
    /// Those that are in the page, from top to bottom.
    order: Vec<usize>,
}

/// What to change in the page so that it has just the wanted rows in order.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ui) struct RowMoves {
    /// Elements to put before another one, one after the other; before `None`, at the end.
    pub(in crate::ui) put: Vec<(usize, Option<usize>)>,
    /// Elements to take out of the page.
    pub(in crate::ui) gone: Vec<usize>,
}

impl RowSlots {
    /// Adds an element: one at the end of the page that shows a row, or one that is not in the page.
    pub(in crate::ui) fn add(&mut self, shows: Option<u32>) {
        if shows.is_some() {
            self.order.push(self.shows.len());
        }
        self.shows.push(shows);
    }

    /// An element for each of these rows: the one that shows it, or a free one, those in the page first. Fewer than rows, if there are
    /// not enough. `spared` is not free, even if its row is not wanted.
    pub(in crate::ui) fn assign(&self, rows: &[u32], spared: Option<usize>) -> Vec<usize> {
        let shown = |row: &u32| self.shows.iter().position(|shows| *shows == Some(*row));
        let shown: Vec<_> = rows.iter().map(shown).collect();
        let apart = (0..self.shows.len()).filter(|slot| !self.order.contains(slot));
        let all = self.order.iter().copied().chain(apart);
        let mut free = all.filter(|slot| !shown.contains(&Some(*slot)) && spared != Some(*slot));
        shown.iter().map_while(|slot| slot.or_else(|| free.next())).collect()
    }

    /// The rows from the first to the last one that stays in the page in its element.
    pub(in crate::ui) fn staying(&self, rows: &[u32], slots: &[usize]) -> Range<usize> {
        let stays = |(row, slot): (&u32, &usize)| self.shows[*slot] == Some(*row) && self.order.contains(slot);
        let stays: Vec<_> = rows.iter().zip(slots).map(stays).collect();
        let first = stays.iter().position(|stays| *stays);
        let last = stays.iter().rposition(|stays| *stays);
        first.unwrap_or_default()..last.map_or(0, |last| last + 1)
    }

    /// Brings just these rows into the page, each in its element. No element whose row stays is moved, because it would lose the focus.
    pub(in crate::ui) fn place(&mut self, rows: &[u32], slots: &[usize]) -> RowMoves {
        let mut put: Vec<(usize, Option<usize>)> = Vec::new();
        // What comes before this place in the old order is in its new place, or comes there later, or goes.
        let mut at = 0;
        for (row, slot) in rows.iter().zip(slots) {
            while self.order.get(at).is_some_and(|other| put.iter().any(|(moved, _)| moved == other)) {
                at += 1;
            }
            let ahead = self.order.iter().skip(at).position(|other| other == slot);
            match ahead {
                Some(ahead) if ahead == 0 || self.shows[*slot] == Some(*row) => at += ahead + 1,
                _ => put.push((*slot, self.order.get(at).copied())),
            }
        }
        for (row, slot) in rows.iter().zip(slots) {
            self.shows[*slot] = Some(*row);
        }
        let before = std::mem::replace(&mut self.order, slots.to_vec());
        RowMoves { put, gone: before.into_iter().filter(|slot| !slots.contains(slot)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A list whose elements show these rows.
    fn showing(rows: &[u32]) -> RowSlots {
        let mut slots = RowSlots::default();
        rows.iter().for_each(|row| slots.add(Some(*row)));
        slots
    }

    /// Does to a page what a browser does.
    fn apply(page: &mut Vec<usize>, moves: &RowMoves) {
        for (slot, before) in &moves.put {
            page.retain(|other| other != slot);
            let at = before
                .map_or(page.len(), |before| page.iter().position(|other| *other == before).expect("it is there"));
            page.insert(at, *slot);
        }
        page.retain(|slot| !moves.gone.contains(slot));
    }

    proptest! {
        #[test]
        fn the_page_has_just_the_wanted_rows_in_order_and_no_row_that_stays_is_moved(
            windows in prop::collection::vec(prop::collection::btree_set(0_u32..40, 0..12), 1..8)
        ) {
            let first: Vec<u32> = windows[0].iter().copied().collect();
            let mut slots = showing(&first);
            let mut page: Vec<usize> = (0..first.len()).collect();
            let mut shown: Vec<u32> = first;
            for wanted in &windows[1..] {
                let rows: Vec<u32> = wanted.iter().copied().collect();
                while slots.shows.len() < rows.len() {
                    slots.add(None);
                    shown.push(u32::MAX);
                }
                let assigned = slots.assign(&rows, None);
                prop_assert_eq!(assigned.len(), rows.len());
                prop_assert_eq!(assigned.iter().collect::<BTreeSet<_>>().len(), rows.len(), "each has its own element");
                let stay: Vec<usize> = page.iter().copied().filter(|slot| rows.contains(&shown[*slot])).collect();
                let moves = slots.place(&rows, &assigned);
                prop_assert!(moves.put.iter().all(|(slot, _)| !stay.contains(slot)));
                apply(&mut page, &moves);
                rows.iter().zip(&assigned).for_each(|(row, slot)| shown[*slot] = *row);
                let seen: Vec<u32> = page.iter().map(|slot| shown[*slot]).collect();
                prop_assert_eq!(seen, rows);
            }
        }
    }

    #[test]
    fn scrolling_moves_only_the_rows_that_come() {
        let mut slots = showing(&[0, 1, 2, 3, 4, 5]);
        let down = [2, 3, 4, 5, 6, 7];
        let assigned = slots.assign(&down, None);
        assert_eq!(slots.staying(&down, &assigned), 0..4);
        assert_eq!(slots.place(&down, &assigned), RowMoves { put: vec![(0, None), (1, None)], gone: vec![] });
        let up = [1, 2, 3, 4, 5, 6];
        let assigned = slots.assign(&up, None);
        assert_eq!(slots.staying(&up, &assigned), 1..6);
        assert_eq!(slots.place(&up, &assigned), RowMoves { put: vec![(1, Some(2))], gone: vec![] });
    }

    #[test]
    fn other_rows_take_the_elements_as_they_stand_and_a_shorter_list_keeps_the_rest_for_later() {
        let mut slots = showing(&[0, 1, 2, 3]);
        let other = [10, 20, 30, 40];
        let assigned = slots.assign(&other, None);
        assert_eq!(slots.staying(&other, &assigned), 0..0);
        assert_eq!(slots.place(&other, &assigned), RowMoves { put: vec![], gone: vec![] });
        let short = [20];
        let assigned = slots.assign(&short, None);
        assert_eq!(slots.place(&short, &assigned), RowMoves { put: vec![], gone: vec![0, 2, 3] });
        assert_eq!(slots.assign(&[20, 50, 60, 70, 80], None), [1, 0, 2, 3], "there are no more");
        assert_eq!(slots.assign(&[50, 60], Some(1)), [0, 2], "the spared one is not free");
    }
}
