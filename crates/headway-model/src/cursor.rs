//! A position in the log from which a reader can resume.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::id::Position;
use crate::as_text::as_text;
use crate::read::FromJson;

/// `POSITION.CHECK`. The check is the first 8 hex digits of the digest in the row at that position; it detects a log
/// that was restored, copied or replaced. `0.0` is the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// Everything up to here has been sent.
    pub position: Position,
    /// Eight hex digits, or `0` at the beginning.
    pub check: String,
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is a position and 8 hex digits, such as 48213.9f2c11e0, or 0.0 for the beginning")]
pub struct InvalidCursor;

impl Cursor {
    /// Before the first event.
    pub fn start() -> Self {
        Cursor { position: 0, check: "0".into() }
    }

    /// The cursor of the row at this position.
    pub fn at(position: Position, digest: &Digest) -> Self {
        Cursor { position, check: digest.check() }
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text == "0.0" {
            return Ok(Cursor::start());
        }
        let (position, check) = text.split_once('.').ok_or(InvalidCursor)?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let plain = !position.starts_with('0') && position.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || check.len() != 8 || !check.bytes().all(hex) {
            return Err(InvalidCursor);
        }
        // Stores hold positions in 63 bits.
        let position = position.parse().ok().filter(|at| *at <= i64::MAX as u64).ok_or(InvalidCursor)?;
        Ok(Cursor { position, check: check.into() })
    }
}

as_text!(Cursor);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_has_one_spelling() {
        let cursor = Cursor::at(48_213, &Digest([0x9f; 16]));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("0.0".parse(), Ok(Cursor::start()));
        for text in [
            "",
            "1",
            "1.",
            "1.9f",
            "01.9f9f9f9f",
            "1.9F9F9F9F",
            "-1.9f9f9f9f",
            "99999999999999999999.9f9f9f9f",
            "end",
            "0.9f9f9f9f",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
    }
}
