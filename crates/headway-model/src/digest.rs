//! The hash chain with which two readers compare everything they have read in 16 bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::JobId;
use crate::as_text::as_text;
use crate::read::FromJson;

/// The first 16 bytes of a BLAKE3 hash (<https://github.com/BLAKE3-team/BLAKE3-specs>); 32 hex digits on the wire.
///
/// As a chain over a job's events: `digest(0)` is the hash of the 36 characters of its id, `digest(n)` the hash of
/// `digest(n - 1)` followed by the payload of event n.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 16]);

/// The text is not 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 32 lower-case hex digits")]
pub struct InvalidDigest;

impl Digest {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest::take(&blake3::hash(bytes))
    }

    /// `digest(0)` of a job.
    pub fn start(job: &JobId) -> Self {
        Digest::of(job.to_string().as_bytes())
    }

    /// The digest after one more event, whose payload is exactly these bytes.
    pub fn then(&self, payload: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(payload);
        Digest::take(&hasher.finalize())
    }

    /// The first 8 hex digits, as a cursor carries them.
    pub fn check(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }

    /// The hash of everything that this hasher was fed.
    pub fn from_hasher(hasher: &blake3::Hasher) -> Self {
        Digest::take(&hasher.finalize())
    }

    fn take(hash: &blake3::Hash) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        Digest(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
        let mut text = [0; 32];
        for (at, byte) in self.0.iter().enumerate() {
            (text[2 * at], text[2 * at + 1]) = (digit(byte >> 4), digit(byte & 15));
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.as_bytes().iter().all(lower) {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Digest(bytes))
    }
}

as_text!(Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_depends_on_every_payload_and_their_order() {
        let start = Digest::start(&JobId::mint(1, [1; 10]));
        assert_ne!(start.then(b"a").then(b"b"), start.then(b"b").then(b"a"));
        assert_ne!(start, start.then(b""));
        assert_eq!(start.to_string().parse(), Ok(start));
        assert_eq!(start.check(), start.to_string()[..8]);
    }
}
