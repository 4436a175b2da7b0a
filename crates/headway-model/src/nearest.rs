//! The known word that a person probably meant.

/// The word that is nearest to this one, provided that at most a third of its letters differ.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let near = known.map(|other| (distance(&word, other), other)).min()?;
    (near.0 * 3 <= word.chars().count().max(3)).then_some(near.1)
}

/// How many letters must be inserted, removed or replaced, or exchanged with the next, to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for (to, with) in other.iter().enumerate() {
            let replaced = rows[at][to] + usize::from(letter != with);
            let mut least = replaced.min(rows[at][to + 1] + 1).min(row[to] + 1);
            if at > 0 && to > 0 && one[at - 1] == *with && other[to - 1] == *letter {
                least = least.min(rows[at - 1][to - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_found_and_another_word_is_not() {
        let known = ["checksum", "verify", "image", "rename", "command"];
        let near = |word: &str| nearest(word, known.into_iter());
        for (typed, meant) in [
            ("chekcsum", "checksum"),
            ("Rename", "rename"),
            ("imge", "image"),
            ("comand", "command"),
            ("verfy", "verify"),
        ] {
            assert_eq!(near(typed), Some(meant), "{typed}");
        }
        assert_eq!(["Photos", "nonsense", "", "ls"].map(near), [None; 4]);
    }
}
