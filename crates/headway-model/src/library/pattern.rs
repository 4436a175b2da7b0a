//! The pattern that a search compares with names.

use unicode_normalization::UnicodeNormalization;

use crate::path::RelPath;

/// Maximum length of a search text, in bytes. A path is at most four times as long.
pub const SEARCH_LIMIT: usize = 1_000;

/// A search text: a part of a name or, if it contains `*` (any characters) or `?` (one character), the whole name. Case
/// and the Unicode normal form do not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Parses what a person typed; `None` if it is blank.
    pub fn new(text: &str) -> Option<Self> {
        let text = folded(text.trim());
        if text.is_empty() {
            return None;
        }
        Some(Pattern(if text.contains(['*', '?']) { text } else { format!("*{text}*") }))
    }

    /// In lower case, with `*` and `?`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Normalises a name for matching.
    pub fn searched(name: &str) -> String {
        folded(&RelPath::shown_text(name))
    }

    /// Whether a name that [`Pattern::searched`] normalised matches. This is linear in practice: on a mismatch, only
    /// the last `*` takes one more character.
    pub fn matches(&self, searched: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), searched.chars().collect());
        let (mut p, mut n) = (0, 0);
        let mut star = None;
        while n < name.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, n));
                    p += 1;
                }
                Some(wanted) if *wanted == '?' || *wanted == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => match &mut star {
                    Some((at, taken)) => {
                        *taken += 1;
                        (p, n) = (*at + 1, *taken);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|rest| *rest == '*')
    }

    /// Whether a path matches, or its name alone.
    pub fn matches_path(&self, path: &RelPath) -> bool {
        let searched = Pattern::searched(path.as_str());
        let name = searched.rsplit('/').next().unwrap_or_default();
        self.matches(&searched) || self.matches(name)
    }
}

/// The text in lower case and in one Unicode normal form: decomposed, lowered, composed. Searches and globs compare
/// texts in this form.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().flat_map(char::to_lowercase).nfc().collect()
}

/// The bytes of a name in that form. Bytes that are not UTF-8 stay as they are.
pub fn folded_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        all.extend_from_slice(folded(chunk.valid()).as_bytes());
        all.extend_from_slice(chunk.invalid());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_utf_8_stays_unchanged() {
        assert_eq!(folded_bytes(b"A\xffE\xcc\x81"), b"a\xff\xc3\xa9");
        assert_eq!(folded_bytes("\u{c9}.JPG".as_bytes()), "\u{e9}.jpg".as_bytes());
    }

    #[test]
    fn a_search_is_a_part_of_a_name_or_a_pattern_for_all_of_it() {
        for (text, name, matches) in [
            ("jpg", "IMG_1.JPG", true),
            ("*.jpg", "IMG_1.JPG", true),
            ("*.jpg", "IMG_1.JPG.txt", false),
            ("m\u{fc}ller", "Mu\u{308}ller.jpg", true),
            ("mu\u{308}ller", "M\u{dc}LLER.jpg", true),
            ("?ber", "u\u{308}ber", true),
            ("img_?.*", "IMG_1.JPG", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-c-", false),
            ("100%", "100%25", true),
            ("ÜBER", "über uns", true),
        ] {
            let pattern = Pattern::new(text).expect("a text");
            assert_eq!(pattern.matches(&Pattern::searched(name)), matches, "{text} {name}");
        }
        assert_eq!(Pattern::new("  "), None);
    }
}
