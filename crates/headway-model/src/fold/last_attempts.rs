//! The last attempt of each item that needs to be known.

use crate::sorted::SortedMap;

/// Items in a block. An insertion moves at most this many entries, even if a million files are tried again in any order.
const BLOCK: u32 = 256;

/// The number of the last attempt, by item. Items are kept in blocks, and no block is empty, so equal contents are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LastAttempts(SortedMap<u32, SortedMap<u32, u32>>);

impl LastAttempts {
    /// The number of the item's last attempt.
    pub(crate) fn get(&self, item: u32) -> Option<u32> {
        self.0.get(&(item / BLOCK))?.get(&item).copied()
    }

    /// Sets the number of the item's last attempt.
    pub(crate) fn insert(&mut self, item: u32, attempt: u32) {
        self.0.get_or_insert_with(item / BLOCK, SortedMap::new).insert(item, attempt);
    }

    /// Forgets the item's last attempt.
    pub(crate) fn remove(&mut self, item: u32) {
        let block = item / BLOCK;
        if let Some(items) = self.0.get_mut(&block) {
            items.remove(&item);
            if items.is_empty() {
                self.0.remove(&block);
            }
        }
    }
}

impl FromIterator<(u32, u32)> for LastAttempts {
    fn from_iter<T: IntoIterator<Item = (u32, u32)>>(all: T) -> Self {
        let mut attempts = LastAttempts::default();
        for (item, attempt) in all {
            attempts.insert(item, attempt);
        }
        attempts
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn attempts_are_known_by_item_and_equal_however_they_came_about(
            steps in prop::collection::vec((0_u32..1_000, 0_u32..4), 0..200)
        ) {
            let (mut ours, mut theirs) = (LastAttempts::default(), BTreeMap::new());
            for (item, attempt) in steps {
                if attempt == 0 {
                    ours.remove(item);
                    theirs.remove(&item);
                } else {
                    ours.insert(item, attempt);
                    theirs.insert(item, attempt);
                }
                prop_assert_eq!(ours.get(item), theirs.get(&item).copied());
            }
            prop_assert_eq!(&ours, &theirs.iter().rev().map(|(item, attempt)| (*item, *attempt)).collect());
            theirs.keys().for_each(|item| ours.remove(*item));
            prop_assert_eq!(ours, LastAttempts::default());
        }
    }
}
