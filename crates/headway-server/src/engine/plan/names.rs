//! Decides which files of a plan get their new names, by themselves or together with the files whose names they take.

use std::collections::{HashMap, HashSet};

use headway_model::{PauseReason, RelPath, SkipReason};
use headway_recipes::Rename;

/// Maximum number of names that change together: more do not fit into one event.
const TOGETHER: usize = 48;

/// Maximum total length of these names, in bytes.
const BYTES_TOGETHER: usize = 6 * 1024;

/// Resolves the wishes of a plan's files, in the plan's order. A wish is empty, or holds new names for the file itself
/// (the first) and its sidecar files. Returns for each file why it is skipped, if it is. `is_taken`, given an old and
/// a new name, says whether anything on the disk has the new one.
///
/// If several files want the same name, the first gets it. A file can take the name of another file of the plan that
/// is renamed too: then both change in one step, as a chain or a cycle. The first file of such a group runs, and the
/// others are skipped as [`SkipReason::With`]. If a chain is too long for one step, the part at its free end runs,
/// and the rest collides.
pub(super) fn resolve(
    wishes: &[Vec<Rename>],
    is_taken: impl Fn(&RelPath, &RelPath) -> Result<bool, PauseReason>,
) -> Result<Vec<Option<SkipReason>>, PauseReason> {
    let mut waiting = NameWaits::new(wishes, is_taken)?;
    let is_too_large = |group: &[usize]| {
        let names = || group.iter().flat_map(|number| &wishes[*number]);
        let bytes = |rename: &Rename| rename.from.as_str().len() + rename.to.as_str().len();
        names().count() > TOGETHER || names().map(bytes).sum::<usize>() > BYTES_TOGETHER
    };
    for group in waiting.groups().into_iter().filter(|group| is_too_large(group)) {
        waiting.stay(waiting.far_end(&group, &is_too_large));
    }
    for group in waiting.groups() {
        match is_too_large(&group) {
            true => waiting.stay(group),
            false => group[1..].iter().for_each(|number| waiting.verdicts[*number] = Some(SkipReason::With)),
        }
    }
    Ok(waiting.verdicts)
}

/// Files of a plan, by index, and which of them waits for whose name.
struct NameWaits {
    verdicts: Vec<Option<SkipReason>>,
    waits_for: Vec<Vec<usize>>,
    awaited_by: Vec<Vec<usize>>,
}

impl NameWaits {
    fn new(
        wishes: &[Vec<Rename>],
        is_taken: impl Fn(&RelPath, &RelPath) -> Result<bool, PauseReason>,
    ) -> Result<Self, PauseReason> {
        let mut leavers: HashMap<&RelPath, usize> = HashMap::new();
        for (number, wish) in wishes.iter().enumerate() {
            // Two files can share a sidecar, which is renamed with the first of them.
            for rename in wish {
                leavers.entry(&rename.from).or_insert(number);
            }
        }
        let none = || vec![Vec::new(); wishes.len()];
        let mut waiting = NameWaits { verdicts: vec![None; wishes.len()], waits_for: none(), awaited_by: none() };
        let (mut claimed, mut stay) = (HashSet::new(), Vec::new());
        for (number, wish) in wishes.iter().enumerate() {
            let own: Vec<_> = wish.iter().filter(|rename| leavers.get(&rename.from) == Some(&number)).collect();
            let mut collides = own.iter().any(|rename| claimed.contains(&rename.to));
            for rename in &own {
                if collides || !is_taken(&rename.from, &rename.to)? {
                    continue;
                }
                match leavers.get(&rename.to) {
                    Some(holder) if *holder != number => {
                        waiting.waits_for[number].push(*holder);
                        waiting.awaited_by[*holder].push(number);
                    }
                    Some(_) => {}
                    None => collides = true,
                }
            }
            match collides {
                true => stay.push(number),
                false => claimed.extend(own.iter().map(|rename| &rename.to)),
            }
        }
        waiting.stay(stay);
        Ok(waiting)
    }

    /// Lets these files keep their names, and with them every file that wants one of these names.
    fn stay(&mut self, mut numbers: Vec<usize>) {
        while let Some(number) = numbers.pop() {
            if self.verdicts[number].replace(SkipReason::Collision).is_none() {
                numbers.extend(&self.awaited_by[number]);
            }
        }
    }

    /// The groups of two or more files that take names from each other, in the plan's order.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.verdicts.len()];
        let mut groups = Vec::new();
        for first in 0..self.verdicts.len() {
            let (mut group, mut next) = (Vec::new(), vec![first]);
            while let Some(number) = next.pop() {
                if self.verdicts[number].is_none() && !std::mem::replace(&mut seen[number], true) {
                    group.push(number);
                    next.extend(self.waits_for[number].iter().chain(&self.awaited_by[number]));
                }
            }
            if group.len() > 1 {
                group.sort_unstable();
                groups.push(group);
            }
        }
        groups
    }

    /// The files of an oversized group that keep their names: all except a part at its free end that is not too large;
    /// in a cycle, all.
    fn far_end(&self, group: &[usize], is_too_large: &dyn Fn(&[usize]) -> bool) -> Vec<usize> {
        let mut next: Vec<_> = group.iter().copied().filter(|number| self.waits_for[*number].is_empty()).collect();
        let mut part = Vec::new();
        while let Some(number) = next.pop() {
            if part.contains(&number) {
                continue;
            }
            part.push(number);
            // A file alone is renamed whatever the length of its names.
            if part.len() > 1 && is_too_large(&part) {
                part.pop();
                break;
            }
            next.extend(&self.awaited_by[number]);
        }
        group.iter().copied().filter(|number| !part.contains(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Verdicts on wishes such as `a>b`, or `a>b a.x>b.x`, where these names are on the disk.
    fn resolved<T: AsRef<str>>(wishes: &[T], disk: &[T]) -> String {
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let rename = |text: &str| {
            let (from, to) = text.split_once('>').expect("two names");
            Rename { from: path(from), to: path(to) }
        };
        let wishes: Vec<Vec<_>> =
            wishes.iter().map(|wish| wish.as_ref().split_whitespace().map(rename).collect()).collect();
        let is_there = |to: &RelPath| disk.iter().any(|name| name.as_ref() == to.as_str());
        let verdicts = resolve(&wishes, |_, to| Ok(is_there(to))).expect("known");
        let word = |verdict: &Option<SkipReason>| match verdict {
            None => '.',
            Some(SkipReason::With) => 'w',
            Some(SkipReason::Collision) => 'c',
            Some(_) => '?',
        };
        verdicts.iter().map(word).collect()
    }

    #[test]
    fn chains_and_cycles_change_together_and_who_wants_the_name_of_one_that_stays_stays() {
        assert_eq!(resolved(&["a>x", "b>y", ""], &["a", "b", "c"]), "...");
        assert_eq!(resolved(&["a>b", "b>c", "c>a"], &["a", "b", "c"]), ".ww");
        assert_eq!(resolved(&["a>b", "b>c", "c>d"], &["a", "b", "c"]), ".ww");
        assert_eq!(resolved(&["b>c", "c>d", "a>b"], &["a", "b", "c"]), ".ww");
        // c keeps its name, so b and a do too.
        assert_eq!(resolved(&["a>b", "b>c", "c>d"], &["a", "b", "c", "d"]), "ccc");
        assert_eq!(resolved(&["a>b", "b>c", ""], &["a", "b", "c"]), "cc.");
        // If two files want the same name, the first gets it.
        assert_eq!(resolved(&["a>x", "b>x", "c>b"], &["a", "b", "c"]), ".cc");
        // Sidecar files are renamed too, even around a cycle of their own.
        assert_eq!(resolved(&["a>b a.x>b.x", "b>a b.x>a.x"], &["a", "b", "a.x", "b.x"]), ".w");
        assert_eq!(resolved(&["a>b a.x>b.x", "b>c"], &["a", "b", "a.x", "b.x"]), "c.");
        // A shared sidecar is renamed with the first file.
        assert_eq!(resolved(&["a.jpg>b.jpg a.x>b.x", "a.raw>b.raw a.x>b.x"], &["a.jpg", "a.raw", "a.x"]), "..");
    }

    #[test]
    fn of_a_chain_that_is_too_long_the_end_that_is_free_runs_and_of_such_a_cycle_nothing() {
        const LENGTH: usize = 200;
        let disk: Vec<_> = (0..LENGTH).map(|number| number.to_string()).collect();
        let chain: Vec<_> = (0..LENGTH).map(|number| format!("{number}>{}", number + 1)).collect();
        let expected = |part| ["c".repeat(LENGTH - part), ".".into(), "w".repeat(part - 1)].concat();
        assert_eq!(resolved(&chain, &disk), expected(TOGETHER));
        // With long names, fewer fit into one event: here each rename has 601 bytes, and ten do.
        let long = |number: usize| format!("{}{number:0>300}", if number == LENGTH { "y" } else { "" });
        let disk_of_long: Vec<_> = (0..LENGTH).map(long).collect();
        let chain: Vec<_> = (0..LENGTH).map(|number| format!("{}>{}", long(number), long(number + 1))).collect();
        assert_eq!(resolved(&chain, &disk_of_long), expected(BYTES_TOGETHER / 600));
        let longest = |number: usize| format!("{}{number:0>3300}", if number == LENGTH { "y" } else { "" });
        let disk_of_longest: Vec<_> = (0..LENGTH).map(longest).collect();
        let chain: Vec<_> = (0..LENGTH).map(|number| format!("{}>{}", longest(number), longest(number + 1))).collect();
        assert_eq!(resolved(&chain, &disk_of_longest), expected(1));
        let cycle: Vec<_> = (0..LENGTH).map(|number| format!("{number}>{}", (number + 1) % LENGTH)).collect();
        assert_eq!(resolved(&cycle, &disk), "c".repeat(LENGTH));
    }
}
