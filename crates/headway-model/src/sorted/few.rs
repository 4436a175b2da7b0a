//! Sorting a few values.

/// Sorts a few values by a key; those with equal keys stay in their order. The sort of the standard library is faster with
/// many values, and several kB of code for each type.
pub fn sort_few<T, K: Ord>(values: &mut [T], key: impl Fn(&T) -> K) {
    for end in 1..values.len() {
        let mut at = end;
        while at > 0 && key(&values[at]) < key(&values[at - 1]) {
            values.swap(at, at - 1);
            at -= 1;
        }
    }
}
