//! Identifiers: of a job, of an event within its job, and of a position in the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::as_text::as_text;
use crate::read::FromJson;

/// The number of an event within its job: 1, 2, 3, ... without a gap. 0 is "before the first".
pub type Seq = u64;

/// The number of an event within the whole log; later events have higher positions. 0 is "before the first".
pub type Position = u64;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// A job's id: a UUIDv7, minted by the caller that starts the job, before the start call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = PATTERN)))]
#[serde(try_from = "String", into = "String")]
pub struct JobId(Uuid);

/// The form of a job's id, as a regular expression.
#[cfg(feature = "schema")]
const PATTERN: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

/// The text is not a job id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a job id is a version 7 UUID in 36 lower-case characters, such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidJobId;

impl JobId {
    /// A new id. `at` is now; `random` fills the 74 bits that a UUIDv7 leaves free.
    pub fn mint(at: Millis, random: [u8; 10]) -> Self {
        JobId(uuid::Builder::from_unix_timestamp_millis(at, &random).into_uuid())
    }

    /// The first eight characters: enough for a person to tell two jobs apart.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }

    /// The 16 bytes of the UUID.
    pub fn bytes(&self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    /// Accepts only the canonical form: the digest chain starts from these 36 characters, so an id must have exactly
    /// one spelling.
    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let id = Uuid::try_parse(text).map_err(|_| InvalidJobId)?;
        let canonical = id.hyphenated().to_string() == text;
        if canonical && id.get_version_num() == 7 { Ok(JobId(id)) } else { Err(InvalidJobId) }
    }
}

as_text!(JobId);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_id_reads_back_and_sorts_by_time() {
        let early = JobId::mint(1_764_000_000_000, [255; 10]);
        let late = JobId::mint(1_764_000_000_001, [0; 10]);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert!(early < late);
    }

    #[test]
    fn only_the_canonical_text_of_a_version_7_uuid_is_an_id() {
        let id = JobId::mint(1, [0xab; 10]).to_string();
        for text in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("{id} "),
            "process-selected".into(),
            String::new(),
        ] {
            assert_eq!(text.parse::<JobId>(), Err(InvalidJobId), "{text:?}");
        }
        assert!("7d444840-9dc0-41d1-b245-5ffdce74fad2".parse::<JobId>().is_err(), "version 4");
    }
}
