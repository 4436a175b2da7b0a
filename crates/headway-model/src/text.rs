//! Texts of a limited length, numbers in groups of three digits, causes of errors, places in a text, and words for a
//! shell.

/// Truncates a text to at most `limit` bytes at a character boundary, and marks the cut with an ellipsis.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Shortens a text to at most `limit` bytes at character boundaries: an ellipsis stands for its middle.
pub fn cut_middle(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub('…'.len_utf8());
    let start = text.floor_char_boundary(room / 2);
    let end = text.ceil_char_boundary(text.len() - (room - room / 2));
    format!("{}…{}", &text[..start], &text[end..])
}

/// Writes `48213` as `48,213`, with this mark between groups of three digits.
pub fn grouped(number: u64, mark: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// A number of things, such as "1 file" or "2,000 files", with this mark between groups of three digits.
pub fn counted(number: u64, mark: char, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number, mark), if number == 1 { one } else { many })
}

/// The text of the last cause of an error, which says the most; of the error itself if it has none.
pub fn last_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The line and the column of a byte in a text, from 1.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// What is wrong in a text, and the byte at which it stands.
pub type WrongAt = (usize, String);

/// Everything that is wrong with the sections of this name in a file, each in a line with its place.
pub fn lines_at(file: &str, text: &str, section: &str, wrong: Vec<WrongAt>) -> String {
    let line = |(at, why): WrongAt| {
        let (line, column) = line_and_column(text, at);
        format!("{file}:{line}:{column}: {section}: {why}")
    };
    wrong.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The longest name of a preset, schedule, watch or webhook, in bytes: it is part of addresses and of files' names.
pub const NAME_LIMIT_BYTES: usize = 64;

/// Why a text cannot be the name of a preset, schedule, watch or webhook; `None` if it can.
pub fn invalid_name(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_valid = (1..=NAME_LIMIT_BYTES).contains(&name.len()) && name.bytes().all(is_plain);
    (!is_valid).then(|| format!("invalid name {name:?}: use 1 to {NAME_LIMIT_BYTES} letters, digits, - or _"))
}

/// A word, quoted for a shell if it needs that.
pub fn quoted(word: &[u8]) -> Vec<u8> {
    // A shell makes several words of `{a,b}` and `{1..3}`, but none of a token such as `{/.}`.
    let expands = word.contains(&b',') || word.windows(2).any(|two| two == b"..");
    let plain = |byte: &u8| match byte {
        b'{' | b'}' => !expands,
        byte => byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(byte),
    };
    if !word.is_empty() && word.iter().all(plain) {
        return word.to_vec();
    }
    let mut quoted = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => quoted.extend(b"'\\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_ends_at_a_character() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("ääääää", 8), "ää…");
    }

    #[test]
    fn a_text_that_is_cut_in_the_middle_keeps_both_ends() {
        assert_eq!(cut_middle("short", 5), "short");
        assert_eq!(cut_middle("the long path is not there", 13), "the l…there");
        assert_eq!(cut_middle("ääääää", 8), "ä…ä");
        assert_eq!(cut_middle("ääää", 0), "…");
    }

    #[test]
    fn a_number_has_a_mark_after_every_third_digit_from_its_end() {
        let written = [0, 999, 1_000, 48_213, 1_234_567].map(|number| grouped(number, ','));
        assert_eq!(written, ["0", "999", "1,000", "48,213", "1,234,567"]);
        assert_eq!(grouped(48_213, '.'), "48.213");
    }

    #[test]
    fn a_word_is_what_a_shell_reads_it_as() {
        for (word, text) in [
            ("a/b.c", "a/b.c"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$x", "'$x'"),
            ("{/.}.jpg", "{/.}.jpg"),
            ("a,b", "a,b"),
            ("{a,b}", "'{a,b}'"),
            ("{1..3}", "'{1..3}'"),
        ] {
            assert_eq!(String::from_utf8(quoted(word.as_bytes())).expect("text"), text);
        }
    }
}
