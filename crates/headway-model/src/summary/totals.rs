//! What a job did to the files, in numbers.

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::load::FileTotals;
use crate::read::FromJson;
use crate::serde_defaults::is_default;

/// What a job did to the files, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobTotals {
    /// Its items, by their statuses.
    pub counters: Counters,
    /// How many of the succeeded left their file as it was, because there was nothing to change.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unchanged: u64,
    /// The originals that outputs replaced.
    pub replaced: FileTotals,
    /// Total size of these outputs, in bytes.
    pub replaced_by: u64,
    /// New files.
    pub created: FileTotals,
    /// Files that were moved to the trash, or whose content was replaced by a link to another file's.
    pub removed: FileTotals,
    /// Outputs whose size is not known.
    pub unknown: u64,
}

impl JobTotals {
    /// How many bytes smaller the library's files are once the trash is emptied; negative if they are larger. New
    /// files do not count.
    pub fn saved(&self) -> i64 {
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        signed(self.replaced.bytes.saturating_add(self.removed.bytes)).saturating_sub(signed(self.replaced_by))
    }
}
