//! Both do what those of the standard library do.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{SortedMap, SortedSet, sort_few};

/// One change of a map.
#[derive(Debug, Clone)]
enum MapStep {
    Insert(u8, u16),
    GetOrInsert(u8, u16),
    Change(u8, u16),
    Remove(u8),
    Extend(Vec<(u8, u16)>),
    Retain(u8),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<MapStep>> {
    use MapStep as S;
    let entry = || (0_u8..30, any::<u16>());
    let step = prop_oneof![
        6 => entry().prop_map(|(key, value)| S::Insert(key, value)),
        2 => entry().prop_map(|(key, value)| S::GetOrInsert(key, value)),
        2 => entry().prop_map(|(key, value)| S::Change(key, value)),
        4 => (0_u8..30).prop_map(S::Remove),
        2 => prop::collection::vec(entry(), 0..20).prop_map(S::Extend),
        1 => (2_u8..5).prop_map(S::Retain),
        1 => Just(S::Clear),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn a_map_does_what_one_of_the_standard_library_does(steps in steps()) {
        let (mut ours, mut theirs) = (SortedMap::new(), BTreeMap::new());
        for step in steps {
            match step {
                MapStep::Insert(key, value) => prop_assert_eq!(ours.insert(key, value), theirs.insert(key, value)),
                MapStep::GetOrInsert(key, value) => {
                    prop_assert_eq!(ours.get_or_insert_with(key, || value), theirs.entry(key).or_insert(value));
                }
                MapStep::Change(key, value) => {
                    let (our, their) = (ours.get_mut(&key), theirs.get_mut(&key));
                    prop_assert_eq!(&our, &their);
                    our.into_iter().chain(their).for_each(|known| *known = value);
                }
                MapStep::Remove(key) => prop_assert_eq!(ours.remove(&key), theirs.remove(&key)),
                MapStep::Extend(all) => {
                    ours.extend(all.clone());
                    theirs.extend(all);
                }
                MapStep::Retain(part) => {
                    ours.retain(|key, _| key % part != 0);
                    theirs.retain(|key, _| key % part != 0);
                }
                MapStep::Clear => {
                    ours.clear();
                    theirs.clear();
                }
            }
            prop_assert!(ours.iter().eq(theirs.iter()) && ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
            prop_assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
            for key in 0..30 {
                prop_assert_eq!(ours.get(&key), theirs.get(&key));
                prop_assert_eq!(ours.contains_key(&key), theirs.contains_key(&key));
            }
        }
        let json = serde_json::to_string(&ours).expect("JSON");
        prop_assert_eq!(&json, &serde_json::to_string(&theirs).expect("JSON"));
        prop_assert_eq!(&serde_json::from_str::<SortedMap<u8, u16>>(&json).expect("a map"), &ours);
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        prop_assert!(ours.into_iter().eq(theirs));
    }

    #[test]
    fn a_few_values_are_sorted_as_by_the_standard_library(values in prop::collection::vec((0_u8..5, any::<u8>()), 0..30)) {
        let (mut ours, mut theirs) = (values.clone(), values);
        sort_few(&mut ours, |(key, _)| *key);
        theirs.sort_by_key(|(key, _)| *key);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_set_does_what_one_of_the_standard_library_does(
        values in prop::collection::vec(0_u8..30, 0..40),
        others in prop::collection::vec(0_u8..30, 0..40),
    ) {
        let (ours, theirs): (SortedSet<u8>, BTreeSet<u8>) = (values.iter().copied().collect(), values.into_iter().collect());
        prop_assert!(ours.iter().eq(theirs.iter()));
        prop_assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
        let (our, their): (SortedSet<u8>, BTreeSet<u8>) = (others.iter().copied().collect(), others.into_iter().collect());
        prop_assert_eq!(our.is_subset(&ours), their.is_subset(&theirs));
        for value in 0..30 {
            let (mut our, mut their) = (ours.clone(), theirs.clone());
            prop_assert_eq!(our.contains(&value), their.contains(&value));
            prop_assert_eq!(our.insert(value), their.insert(value));
            prop_assert!(our.iter().eq(their.iter()));
        }
    }
}

#[test]
fn a_text_is_looked_up_without_a_copy() {
    let map = SortedMap::from([("b".to_owned(), 2), ("a".to_owned(), 1), ("b".to_owned(), 3)]);
    assert_eq!((map.get("a"), map.get("b"), map.get("c"), map.len()), (Some(&1), Some(&3), None, 2));
}

#[test]
fn many_entries_in_the_worst_order_are_added_at_once() {
    let mut map: SortedMap<u32, u32> = (0..200_000).rev().map(|key| (key, key)).collect();
    map.extend((0..400_000).rev().map(|key| (key, key + 1)));
    assert_eq!(map.len(), 400_000);
    assert!(map.iter().all(|(key, value)| *value == key + 1));
}
