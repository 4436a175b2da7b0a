//! The number of a chapter: how it is found in a file's name, and how it is written in one. It is a text, because
//! `10.5` and `1/2` are numbers too.

/// The number in a name: the one after `chapter` or `ch`, otherwise the first one outside brackets.
pub(super) fn of_name(stem: &str) -> Option<String> {
    let plain = outside_brackets(stem);
    let words = plain.to_ascii_lowercase();
    let behind = ["chapter", "ch"].iter().find_map(|word| {
        let places = words
            .match_indices(word)
            .filter(|(at, _)| !words[..*at].ends_with(|letter: char| letter.is_alphanumeric()));
        places
            .filter_map(|(at, word)| leading(words[at + word.len()..].trim_start_matches(['.', ' ', '_', '-', '#'])))
            .next()
    });
    let first = || {
        let at = words.find(|letter: char| letter.is_ascii_digit())?;
        leading(&words[at..])
    };
    behind.or_else(first)
}

/// The number at the beginning of a text, without leading zeros.
fn leading(text: &str) -> Option<String> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let end = text.find(|letter| !is_digit(letter)).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    if whole.is_empty() {
        return None;
    }
    let part = rest.strip_prefix('.').map(|rest| &rest[..rest.find(|letter| !is_digit(letter)).unwrap_or(rest.len())]);
    let part = part.filter(|part| !part.is_empty()).map(|part| format!(".{part}")).unwrap_or_default();
    Some(format!("{}{part}", without_zeros(whole)))
}

/// The parts of a name that are not in brackets.
fn outside_brackets(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = name.chars().map(|letter| match letter {
        '(' | '[' | '{' => {
            depth += 1;
            ' '
        }
        ')' | ']' | '}' => {
            depth = depth.saturating_sub(1);
            ' '
        }
        _ if depth > 0 => ' ',
        letter => letter,
    });
    outside.collect()
}

/// A number as it is shown: `007` becomes `7`. Any other text stays as it is.
pub(super) fn shown(number: &str) -> String {
    let (whole, rest) = parts(number);
    if whole.is_empty() { number.to_owned() } else { format!("{}{rest}", without_zeros(whole)) }
}

/// A number, zero-padded so that its whole part has at least this many digits.
pub(super) fn padded(number: &str, digits: usize) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (whole, rest) = parts(number);
    if whole.is_empty() { format!("{sign}{number}") } else { format!("{sign}{:0>digits$}{rest}", without_zeros(whole)) }
}

fn parts(number: &str) -> (&str, &str) {
    number.split_at(number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len()))
}

fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => &digits[digits.len().saturating_sub(1)..],
        rest => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_the_number_of_its_chapter() {
        for (name, number) in [
            ("Series 2 - Chapter 012", Some("12")),
            ("Series ch.7", Some("7")),
            ("Series Ch 7.5 (2019)", Some("7.5")),
            ("[Group 9] Series 03 (2001)", Some("3")),
            ("Match 4", Some("4")),
            ("Vol.01 Ch.0010.50", Some("10.50")),
            ("Chapter One", None),
            ("Chapter of 7", Some("7")),
            ("000", Some("0")),
            ("(3)", None),
            ("", None),
        ] {
            assert_eq!(of_name(name).as_deref(), number, "{name}");
        }
    }

    #[test]
    fn only_the_whole_part_is_filled_up() {
        for (number, expected) in [
            ("7", "0007"),
            ("10.5", "0010.5"),
            ("1/2", "0001/2"),
            ("-1", "-0001"),
            ("12345", "12345"),
            ("0", "0000"),
            ("A", "A"),
            ("007", "0007"),
        ] {
            assert_eq!(padded(number, 4), expected);
        }
        assert_eq!(["007", "10.5", "A1", "00"].map(shown), ["7", "10.5", "A1", "0"]);
    }
}
