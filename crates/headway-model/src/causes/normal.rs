//! Removes the details of one file from a message: paths, numbers and hashes become "…".

/// The character that replaces them.
const GONE: char = '…';

/// The longest text of a cause, in characters.
const TEXT_LIMIT: usize = 200;

/// A number after one of these words says what went wrong, not where, so it is kept.
const SAYS: [&str; 6] = ["code", "error", "errno", "signal", "status", "http"];

/// The message of a failed file without its path, other paths, numbers and hashes. Error codes stay, because they
/// tell causes apart, and so do digits that belong to a word, such as `sha256`.
pub fn normal(message: &str, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut text = message.to_owned();
    for own in [path, name] {
        // A name of one or two letters is part of many words.
        if own.chars().count() > 2 {
            text = text.replace(own, "…");
        }
    }
    let mut before = String::new();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let (front, core, back) = trimmed(word);
        // A one-letter name is also an ordinary word. It means the file only where punctuation sets it apart.
        let is_own = (core == path || core == name) && !(front.is_empty() && back.is_empty());
        let core = if is_own || is_path(core) {
            GONE.to_string()
        } else if SAYS.contains(&before.as_str()) && core.bytes().all(|byte| byte.is_ascii_digit()) {
            core.to_owned()
        } else {
            without_numbers(core)
        };
        before = core.to_lowercase();
        let word = format!("{front}{core}{back}");
        if word != "…" || words.last().is_none_or(|last| last != "…") {
            words.push(word);
        }
    }
    cut(&words.join(" "))
}

/// A word without the punctuation around it, then the punctuation before and after it.
fn trimmed(word: &str) -> (&str, &str, &str) {
    let is_around = |c: char| c.is_ascii_punctuation() && !matches!(c, '/' | '\\' | '.' | '-' | '_' | '~');
    let core = word.trim_start_matches(is_around);
    let front = &word[..word.len() - core.len()];
    let is_behind = |c: char| c.is_ascii_punctuation() && !matches!(c, '/' | '\\' | '-' | '_');
    let shorter = core.trim_end_matches(is_behind);
    (front, shorter, &core[shorter.len()..])
}

/// Whether a word is a path: it contains a slash, but is not two words joined by one, as in "and/or".
fn is_path(word: &str) -> bool {
    let slashes = word.bytes().filter(|byte| matches!(byte, b'/' | b'\\')).count();
    slashes > 1
        || slashes == 1
            && (word.starts_with(['/', '~', '.', '\\'])
                || word.contains(['.', '_'])
                || word.bytes().any(|b| b.is_ascii_digit()))
}

/// A word without numbers and hashes. A few digits after letters are part of the word and stay.
fn without_numbers(word: &str) -> String {
    let is_hex = |part: &str| {
        part.len() >= 8
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    if is_hex(word.trim_start_matches("0x")) || word.starts_with("0x") {
        return GONE.to_string();
    }
    let letters: Vec<char> = word.chars().collect();
    let (mut text, mut at) = (String::new(), 0);
    while let Some(letter) = letters.get(at).copied() {
        if !letter.is_ascii_digit() {
            text.push(letter);
            at += 1;
            continue;
        }
        let end = at + digits(&letters[at..]);
        let is_of_word = at > 0 && letters[at - 1].is_alphabetic() && end - at <= 3;
        if is_of_word {
            text.extend(&letters[at..end]);
        } else if !text.ends_with(GONE) {
            text.push(GONE);
        }
        at = end;
    }
    text
}

/// How many of these characters belong to the number at their beginning: digits, and the separators within one number
/// or time.
fn digits(letters: &[char]) -> usize {
    let mut end = 0;
    while let Some(letter) = letters.get(end) {
        let goes_on = matches!(letter, '.' | ',' | ':') && letters.get(end + 1).is_some_and(char::is_ascii_digit);
        if !letter.is_ascii_digit() && !goes_on {
            break;
        }
        end += 1;
    }
    end
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((at, _)) => format!("{}{GONE}", text[..at].trim_end_matches(GONE)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::cases;
    use proptest::prelude::*;

    #[test]
    fn what_is_of_one_file_is_gone_and_what_went_wrong_stays() {
        for (message, text) in [
            (
                "exit code 2: error: unsupported colour profile (line 623)",
                "exit code 2: error: unsupported colour profile (line …)",
            ),
            ("IMG_4015.jpg: cannot open codec", "…: cannot open codec"),
            ("cannot open /var/tmp/x1/out.bin for b/IMG_4015.jpg", "cannot open … for …"),
            ("Permission denied (os error 13)", "Permission denied (os error 13)"),
            ("killed by signal 9 after 12.5 s", "killed by signal 9 after … s"),
            ("sha256 9a271f2a916b0b6ee6cecb2426f0b320 expected", "sha256 … expected"),
            ("at 12:30:45, frame 1,204 of 90", "at …, frame … of …"),
            ("bad value 0x7ffe12 and/or 3", "bad value … and/or …"),
            ("id 0197a1b2-0000-7000-8000-00000000abcd is taken", "id … is taken"),
            ("HTTP 503 from host", "HTTP 503 from host"),
            ("", ""),
        ] {
            assert_eq!(normal(message, "b/IMG_4015.jpg"), text, "{message}");
        }
        assert_eq!(normal("a: not a photo", "a"), "…: not a photo", "a short name is only its own word");
        let long = normal(&"word ".repeat(300), "x");
        assert!(long.chars().count() <= TEXT_LIMIT + 1 && long.ends_with('…'), "{long}");
    }

    proptest! {
        #![proptest_config(cases(256))]
        #[test]
        fn a_cause_is_its_own_cause_and_does_not_tell_files_apart(
            words in proptest::collection::vec("[a-zA-Zé/.:()'\"0-9_-]{0,12}", 0..12),
            (one, other) in (1_u32..10_000, 1_u32..10_000)
        ) {
            let message = words.join(" ");
            let text = normal(&message, "folder/some-name.jpg");
            prop_assert_eq!(&normal(&text, "folder/some-name.jpg"), &text);
            let of = |number: u32| {
                let path = format!("in/f{number}/IMG_{number}.jpg");
                normal(&format!("{message} {path}: line {number} of IMG_{number}.jpg"), &path)
            };
            prop_assert_eq!(of(one), of(other));
        }
    }
}
