//! A map from items to values: a sorted vector, which is much less code to download than a B-tree.

/// Values by item, in the order of the items.
#[derive(Debug)]
pub(super) struct ByItem<V>(Vec<(u32, V)>);

impl<V> Default for ByItem<V> {
    fn default() -> Self {
        ByItem(Vec::new())
    }
}

impl<V> ByItem<V> {
    fn place(&self, item: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&item, |(known, _)| *known)
    }

    pub(super) fn get(&self, item: u32) -> Option<&V> {
        self.place(item).ok().map(|at| &self.0[at].1)
    }

    /// Adds a value, or replaces that of the same item.
    pub(super) fn insert(&mut self, item: u32, value: V) {
        match self.place(item) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (item, value)),
        }
    }

    #[cfg(test)]
    pub(super) fn items(&self) -> Vec<u32> {
        self.0.iter().map(|(item, _)| *item).collect()
    }

    pub(super) fn keep(&mut self, is_kept: impl Fn(u32) -> bool) {
        self.0.retain(|(item, _)| is_kept(*item));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_of_the_standard_library_holds(steps in prop::collection::vec((0_u32..20, 0_u8..9), 0..60)) {
            let (mut ours, mut theirs) = (ByItem::default(), BTreeMap::new());
            for (item, value) in steps {
                if value == 0 {
                    ours.keep(|known| known % 3 != item % 3);
                    theirs.retain(|known, _| known % 3 != item % 3);
                }
                ours.insert(item, value);
                theirs.insert(item, value);
                prop_assert_eq!(ours.get(item), theirs.get(&item));
            }
            prop_assert_eq!(ours.0, theirs.into_iter().collect::<Vec<_>>());
        }
    }
}
