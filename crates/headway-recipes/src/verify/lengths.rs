//! How long the checksums of a manifest are. A manifest of one algorithm has one length: a line of another can be damaged.

use super::super::manifest::Sum;

/// How many lines have a checksum of 4, 8, 12, ... bytes and no other.
#[derive(Debug, Default)]
pub(super) struct LengthCounts([u64; 17]);

impl LengthCounts {
    /// Takes in the checksums of a line.
    pub(super) fn note(&mut self, sums: &[Sum]) {
        if let Some(count) = slot(sums).and_then(|slot| self.0.get_mut(slot)) {
            *count += 1;
        }
    }

    /// Whether a line names no algorithm and is the only one of its length among lines of other lengths.
    pub(super) fn is_alone(&self, sums: &[Sum]) -> bool {
        let own = slot(sums).filter(|_| sums.iter().all(|sum| !sum.is_named));
        let is_other = |(slot, count): (usize, &u64)| *count > 0 && Some(slot) != own;
        own.is_some_and(|slot| self.0.get(slot) == Some(&1)) && self.0.iter().enumerate().any(is_other)
    }
}

/// Where the line is counted; `None` if it has no checksum that can be compared, or several, whose lengths differ anyway.
fn slot(sums: &[Sum]) -> Option<usize> {
    match sums {
        [sum] if !sum.algorithms.is_empty() => Some(sum.hash.len() / 4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ManifestLine, read};

    /// For each line whether it is alone with its length.
    fn alone(text: &str) -> Vec<bool> {
        let (mut counts, mut all) = (LengthCounts::default(), Vec::new());
        read(text.as_bytes(), &mut |line| {
            if let ManifestLine::Entry(entry) = line {
                counts.note(&entry.sums);
                all.push(entry.sums);
            }
            true
        });
        all.iter().map(|sums| counts.is_alone(sums)).collect()
    }

    #[test]
    fn a_line_is_alone_with_its_length_unless_it_names_its_algorithm_or_another_line_has_it() {
        let [long, short] = [64, 40].map(|digits| "0".repeat(digits));
        assert_eq!(alone(&format!("{long}  a\n{long}  b\n{short}  c\n")), [false, false, true]);
        assert_eq!(alone(&format!("{long}  a\n{short}  c\n")), [true, true]);
        assert_eq!(alone(&format!("{long}  a\n{long}  b\n{short}  c\n{short}  d\n")), [false; 4]);
        assert_eq!(alone(&format!("SHA256 (a) = {long}\nSHA1 (b) = {short}\n")), [false; 2]);
        assert_eq!(alone(&format!("SHA256 (a) = {long}\n{short}  b\n")), [false, true]);
        assert_eq!(alone(&format!("{long}  a\n")), [false]);
        assert_eq!(alone(&format!("a {short} {long}\nb {short} {long}\nSIZE (a) = 1\n")), [false; 3]);
    }
}
