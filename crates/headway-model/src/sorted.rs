//! Maps and sets as sorted vectors. A B-tree is faster in the middle of many entries, but its code is made again for each type of
//! keys and values, and most of the code of a page is downloaded before anything is shown. Here the search exists once, and
//! what is made for a type is little more than what its vector has anyway (`docs/decisions/0008-small-client.md`).
//!
//! A look-up takes logarithmic time. So does an insertion behind all other keys, which is where ids and items in order go.
//! An insertion or a removal elsewhere moves all that is behind it: what can have very many entries in any order is added by
//! `extend`, or is kept in blocks, as the attempts of a fold are.

#[cfg(feature = "schema")]
mod described;
mod few;
mod map;
mod set;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

pub use few::sort_few;
pub use map::SortedMap;
pub use set::SortedSet;

/// Searches `len` entries in ascending order. `compare` tells how the entry at a place compares with what is searched. Returns the
/// place where it is, or else the place where it belongs. The last entry is looked at first.
#[inline(never)]
fn search(len: usize, compare: &dyn Fn(usize) -> Ordering) -> Result<usize, usize> {
    let (mut low, mut high) = (0, len);
    let mut at = len.saturating_sub(1);
    while low < high {
        match compare(at) {
            Ordering::Less => low = at + 1,
            Ordering::Equal => return Ok(at),
            Ordering::Greater => high = at,
        }
        at = low + (high - low) / 2;
    }
    Err(low)
}
