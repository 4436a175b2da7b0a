//! A file's path below the root of its library, as a text that round-trips every byte.
//!
//! On disk, a path is bytes. On the wire and in the log, it is a string in which `%`, every control character and every
//! byte that is not valid UTF-8 is written `%XX`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A relative path that cannot leave its root: parts joined by `/`, none of them empty, `.` or `..`. The empty path is
/// the root itself. Stored in its encoded form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

/// Prefix, in any case, of names that are Headway's own: temporary files, and the trash folders with their originals.
/// No job and no listing includes them.
pub const RESERVED: &str = ".headway-";

/// Why a text is not a path below a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// Begins with `/`.
    #[error("the path is absolute; give it relative to the library's folder")]
    Absolute,
    /// Has a part that is empty, `.` or `..`.
    #[error("the path has an empty part, `.` or `..`; name the file by its plain path below the library's folder")]
    Dots,
    /// Is not in encoded form: it has a stray `%`, an escape that is not needed, or a raw control character.
    #[error("the path is not in encoded form: `%`, control characters and bytes that are not UTF-8 are written %XX")]
    Coding,
}

impl RelPath {
    /// From the bytes of a relative path on disk.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidPath> {
        let path = RelPath(encode(bytes));
        path.check(bytes)?;
        Ok(path)
    }

    /// The bytes on disk.
    pub fn to_bytes(&self) -> Vec<u8> {
        decode(&self.0).unwrap_or_default()
    }

    /// The encoded form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the library's root folder.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any part of the path is a name of Headway's own. The check ignores case, because on some file systems
    /// all spellings are the same name.
    pub fn is_reserved(&self) -> bool {
        self.0.split('/').any(|part| is_reserved(part.as_bytes()))
    }

    /// The last part, encoded; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The last part as people read it.
    pub fn shown_name(&self) -> String {
        RelPath::shown_text(self.name())
    }

    /// The path as people read it: `%25` becomes `%`, a line feed `↵`, a tab `⇥`, and any other control character or
    /// byte that is not UTF-8 `\xFF`. Two paths can read the same; only the encoded form identifies a file.
    pub fn shown(&self) -> String {
        RelPath::shown_text(&self.0)
    }

    /// The same for a part of an encoded path.
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

    /// The folder this lies in; `None` for the root.
    pub fn parent(&self) -> Option<RelPath> {
        match self.0.rsplit_once('/') {
            Some((parent, _)) => Some(RelPath(parent.to_owned())),
            None if self.0.is_empty() => None,
            None => Some(RelPath::default()),
        }
    }

    /// This path and all folders above it, root first.
    pub fn ancestors(&self) -> Vec<RelPath> {
        let mut line: Vec<_> = std::iter::successors(Some(self.clone()), RelPath::parent).collect();
        line.reverse();
        line
    }

    /// The path in a library of what has this path below a folder of that library.
    pub fn below(&self, folder: &RelPath) -> RelPath {
        match (folder.is_root(), self.is_root()) {
            (true, _) => self.clone(),
            (false, true) => folder.clone(),
            (false, false) => RelPath(format!("{folder}/{self}")),
        }
    }

    /// The path below a folder of what has this path in the library; `None` if it is not in that folder.
    pub fn seen_from(&self, folder: &RelPath) -> Option<RelPath> {
        if folder.is_root() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(folder.as_str())?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
        Some(RelPath(rest.to_owned()))
    }

    /// The entry of this folder whose name on disk is `name`.
    pub fn join(&self, name: &[u8]) -> Result<RelPath, InvalidPath> {
        if name.contains(&b'/') { Err(InvalidPath::Dots) } else { self.join_all(name) }
    }

    /// The path at a relative path on disk below this folder.
    pub fn join_all(&self, path: &[u8]) -> Result<RelPath, InvalidPath> {
        match path.first() {
            None => return Err(InvalidPath::Dots),
            Some(b'/') => return Err(InvalidPath::Absolute),
            Some(_) => {}
        }
        let mut bytes = self.to_bytes();
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(path);
        RelPath::from_bytes(&bytes)
    }

    fn check(&self, bytes: &[u8]) -> Result<(), InvalidPath> {
        if bytes.first() == Some(&b'/') {
            return Err(InvalidPath::Absolute);
        }
        let bad = |part: &[u8]| matches!(part, b"" | b"." | b"..");
        if !bytes.is_empty() && bytes.split(|byte| *byte == b'/').any(bad) {
            return Err(InvalidPath::Dots);
        }
        // A name on disk cannot contain NUL.
        if bytes.contains(&0) { Err(InvalidPath::Coding) } else { Ok(()) }
    }
}

/// Whether a name on disk is Headway's own.
pub fn is_reserved(name: &[u8]) -> bool {
    name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED.as_bytes()))
}

impl FromStr for RelPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let bytes = decode(text).ok_or(InvalidPath::Coding)?;
        let path = RelPath::from_bytes(&bytes)?;
        if path.0 == text { Ok(path) } else { Err(InvalidPath::Coding) }
    }
}

impl TryFrom<String> for RelPath {
    type Error = InvalidPath;

    fn try_from(text: String) -> Result<Self, InvalidPath> {
        text.parse()
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> String {
        path.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelPath({:?})", self.0)
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '%' || character.is_control() {
                let mut buffer = [0; 4];
                character.encode_utf8(&mut buffer).bytes().for_each(|byte| push_code(&mut text, byte));
            } else {
                text.push(character);
            }
        }
        chunk.invalid().iter().for_each(|byte| push_code(&mut text, *byte));
    }
    text
}

fn push_code(text: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(HEX[usize::from(byte >> 4)]));
    text.push(char::from(HEX[usize::from(byte & 15)]));
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let code = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(code, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_on_disk_round_trips(name in prop::collection::vec(1u8..=255, 1..40)) {
            if let Ok(path) = RelPath::from_bytes(&name) {
                prop_assert_eq!(path.to_bytes(), name);
                prop_assert_eq!(path.as_str().parse::<RelPath>(), Ok(path.clone()));
                prop_assert!(!path.as_str().chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn no_text_leads_out_of_the_root() {
        for (text, error) in [
            ("/etc/passwd", InvalidPath::Absolute),
            ("..", InvalidPath::Dots),
            ("a/../b", InvalidPath::Dots),
            ("a//b", InvalidPath::Dots),
            ("a/", InvalidPath::Dots),
            ("./a", InvalidPath::Dots),
            ("%2e%2e/a", InvalidPath::Dots),
            ("%2Fetc", InvalidPath::Absolute),
            ("%00", InvalidPath::Coding),
            ("100%", InvalidPath::Coding),
            ("%zz", InvalidPath::Coding),
            ("%41", InvalidPath::Coding),
            ("a\nb", InvalidPath::Coding),
        ] {
            assert_eq!(text.parse::<RelPath>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn names_of_headways_own_are_known_in_any_case_and_at_any_depth() {
        let is = |text: &str| text.parse::<RelPath>().expect("a path").is_reserved();
        for own in [".headway-trash", "a/.HEADWAY-Trash/b", ".headway-", ".Headway-x%FF", "a/b/.headway-probe-1"] {
            assert!(is(own), "{own}");
        }
        for other in ["", "headway-trash", "a.headway-trash", ".headway", "a/.headwayx", ".head%FFway-trash"] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn people_read_names_without_codes() {
        let shown = |bytes: &[u8]| RelPath::from_bytes(bytes).expect("a path").shown();
        assert_eq!(shown(b"100%"), "100%");
        assert_eq!(shown(b"a/new\nline\x7f"), "a/new\u{21B5}line\\x7F");
        assert_eq!(shown(b"\xff\xc3\xa9"), "\\xFF\u{e9}");
        assert_eq!(shown("\u{85}".as_bytes()), "\\x85");
    }

    #[test]
    fn the_line_of_folders_ends_at_the_path_itself() {
        let path: RelPath = "a/b/c.txt".parse().expect("a plain path");
        let line: Vec<_> = path.ancestors().iter().map(ToString::to_string).collect();
        assert_eq!(line, ["", "a", "a/b", "a/b/c.txt"]);
        assert_eq!(path.name(), "c.txt");
    }
}
