//! What a step belongs to: a job, a library, or the data folder as a whole.

use std::fmt;
use std::str::FromStr;

use headway_model::JobId;

/// Whose step it is. A library counts by a number made of its name, because a note has a fixed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    Job(JobId),
    Library(u64),
    Data,
}

impl Subject {
    /// The library of this name.
    pub(crate) fn library(name: &str) -> Self {
        Subject::Library(number_of(name.as_bytes()))
    }

    /// Its name, as people read it beside a step. The name of a library cannot be made from its number.
    pub(super) fn shown(self) -> String {
        match self {
            Subject::Job(job) => format!("job {job}"),
            Subject::Library(_) => "a library".to_owned(),
            Subject::Data => "the data folder".to_owned(),
        }
    }
}

/// A hash of these bytes, the same in every process (FNV-1a).
pub(super) fn number_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl From<JobId> for Subject {
    fn from(job: JobId) -> Self {
        Subject::Job(job)
    }
}

/// The form used in the files of this module.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Job(job) => job.fmt(f),
            Subject::Library(number) => write!(f, "library-{number:016x}"),
            Subject::Data => f.write_str("data"),
        }
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix("library-") {
            Some(number) => u64::from_str_radix(number, 16).map(Subject::Library).map_err(|_| ()),
            None if text == "data" => Ok(Subject::Data),
            None => text.parse().map(Subject::Job).map_err(|_| ()),
        }
    }
}
