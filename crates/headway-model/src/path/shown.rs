//! A path as people read it.

use super::RelPath;
use super::encoding::decode;

impl RelPath {
    /// The last part as people read it.
    pub fn shown_name(&self) -> String {
        RelPath::shown_text(self.name())
    }

    /// The path as people read it: `%25` becomes `%`, a line feed `↵`, a tab `⇥`, and any other control character or
    /// byte that is not UTF-8 `\xFF`. Two paths can read the same; only the encoded form identifies a file.
    pub fn shown(&self) -> String {
        RelPath::shown_text(&self.0)
    }

    /// A part of an encoded path as people read it.
    pub fn shown_text(coded: &str) -> String {
        if !coded.contains('%') {
            return coded.to_owned();
        }
        let bytes = decode(coded).unwrap_or_default();
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' => text.push('\u{21B5}'),
                    '\t' => text.push('\u{21E5}'),
                    character if character.is_control() => text.push_str(&format!("\\x{:02X}", character as u32)),
                    character => text.push(character),
                }
            }
            chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_names_without_codes() {
        let shown = |bytes: &[u8]| RelPath::from_bytes(bytes).expect("a path").shown();
        assert_eq!(shown(b"100%"), "100%");
        assert_eq!(shown(b"a/new\nline\x7f"), "a/new\u{21B5}line\\x7F");
        assert_eq!(shown(b"\xff\xc3\xa9"), "\\xFF\u{e9}");
        assert_eq!(shown("\u{85}".as_bytes()), "\\x85");
    }
}
