//! How much room Headway takes on the disk.

use serde::{Deserialize, Serialize};

use crate::read::FromJson;
use crate::serde_defaults::is_default;

/// How much room Headway's own files take, in bytes, and when old ones are removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Room {
    /// The log.
    pub log: u64,
    /// What jobs wrote into the data folder: manifests, reports, and the output of programs.
    pub outputs: u64,
    /// The trash of each library.
    pub trashes: Vec<TrashRoom>,
    /// What the trashes of folders hold that are not served: those that jobs named by their paths, and libraries that were
    /// removed; missing if there is nothing to say.
    #[serde(default, skip_serializing_if = "is_default")]
    pub elsewhere: TrashElsewhere,
    /// Milliseconds after which a job's originals are removed from its trash; never if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash_age: Option<u64>,
    /// Milliseconds after which a job's history is removed; never if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_age: Option<u64>,
    /// Bytes of `log` and `outputs` together above which old history is removed; no limit if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_bytes: Option<u64>,
    /// Milliseconds for which nothing is removed by age, because the clock jumped; missing if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<u64>,
}

/// How much room the originals in a library's trash take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashRoom {
    /// The library.
    pub library: String,
    /// What it holds; missing if that cannot be determined now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<TrashHolds>,
}

/// What the trashes of folders hold that are not served. Their paths are the owner's, and are not named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashElsewhere {
    /// What those hold that can be seen.
    pub holds: TrashHolds,
    /// In how many folders that cannot be determined now.
    pub unknown: u64,
}

/// What a trash holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrashHolds {
    /// How many files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}
