//! A file's path below the root of its library, as a text that round-trips every byte.
//!
//! On disk, a path is bytes. On the wire and in the log, it is a string in which `%`, every control character and every
//! byte that is not valid UTF-8 is written `%XX`.

mod encoding;
mod reserved;
mod shown;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::read::FromJson;

use encoding::{decode, encode};
pub use reserved::{RESERVED, is_reserved};

/// A relative path that cannot leave its root: parts joined by `/`, none of them empty, `.` or `..`. The empty path is
/// the root itself. Stored in its encoded form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

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

    /// The last part, encoded; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
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

    /// The folders between a folder and this path, and this path, from the top; empty if it is that folder. `None` if it is not in
    /// that folder.
    pub fn line_below(&self, folder: &RelPath) -> Option<Vec<RelPath>> {
        let mut line = self.ancestors();
        let at = line.iter().position(|above| above == folder)?;
        Some(line.split_off(at + 1))
    }

    /// This path, which is relative to a folder of a library, as a path of that library.
    pub fn below(&self, folder: &RelPath) -> RelPath {
        match (folder.is_root(), self.is_root()) {
            (true, _) => self.clone(),
            (false, true) => folder.clone(),
            (false, false) => RelPath(format!("{folder}/{self}")),
        }
    }

    /// This path of a library, relative to a folder of that library; `None` if it is not in that folder.
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
    fn the_line_of_folders_ends_at_the_path_itself() {
        let path: RelPath = "a/b/c.txt".parse().expect("a plain path");
        let line: Vec<_> = path.ancestors().iter().map(ToString::to_string).collect();
        assert_eq!(line, ["", "a", "a/b", "a/b/c.txt"]);
        assert_eq!(path.name(), "c.txt");
    }
}
