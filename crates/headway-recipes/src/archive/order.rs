//! Natural order: `page2` comes before `page10`.

use std::cmp::Ordering;

/// Compares two names: digits by their value, letters ignoring case, and a folder before longer names that begin with
/// its name. Names that are equal so far are compared byte by byte, so that only identical names are equal.
pub(crate) fn natural(one: &[u8], other: &[u8]) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        match (left.first(), right.first()) {
            (None, None) => return one.cmp(other),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (first, rest) = number(left);
                let (second, more) = number(right);
                match first.len().cmp(&second.len()).then_with(|| first.cmp(second)) {
                    Ordering::Equal => (left, right) = (rest, more),
                    unequal => return unequal,
                }
            }
            (Some(a), Some(b)) => match key(*a).cmp(&key(*b)) {
                Ordering::Equal => (left, right) = (&left[1..], &right[1..]),
                unequal => return unequal,
            },
        }
    }
}

/// The digits at the beginning without leading zeros, and the rest.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    (&digits[zeros..], rest)
}

/// The sort key of a byte. A slash ends the name of a folder, so it sorts before anything that can follow in a longer
/// name.
fn key(byte: u8) -> u8 {
    if byte == b'/' { 0 } else { byte.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_in_natural_order() {
        let sorted = ["a/1.jpg", "a/2.jpg", "a/10.jpg", "a b/1.jpg", "P1.jpg", "p02.jpg", "p2.jpg", "p010.jpg", "x"];
        let mut names = sorted.map(str::as_bytes);
        names.reverse();
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(names, sorted.map(str::as_bytes));
        let long = [b"9".repeat(400), b"10".repeat(400)];
        assert_eq!(natural(&long[0], &long[1]), Ordering::Less);
        assert_eq!(natural(b"a01", b"a1"), Ordering::Less);
    }
}
