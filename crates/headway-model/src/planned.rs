//! A file in a plan.

use serde::{Deserialize, Serialize};

use super::done::Rerun;
use super::path::RelPath;
use crate::read::FromJson;

/// A file, as the detail of a `planned` event lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlannedFile {
    /// The file.
    pub path: RelPath,
    /// Size in bytes.
    pub size: u64,
    /// When its content last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Why it runs again although an earlier job processed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<Rerun>,
    /// The name that it is to have, if the job renames it. An attempt gives it this name or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<RelPath>,
}

impl PlannedFile {
    /// The marker for a file that the plan could not inspect; no real file has this time.
    const NOT_SEEN: i64 = i64::MIN;

    /// The marker for a folder that the plan could not list. Like the other marker, it is exact as a floating-point
    /// number, in which many programs read JSON.
    const NOT_LISTED: i64 = i64::MIN + 1024;

    /// A file that the plan could not inspect. Its attempt inspects it and reports what is wrong.
    pub fn not_seen(path: RelPath) -> Self {
        PlannedFile { path, size: 0, mtime_ns: PlannedFile::NOT_SEEN, rerun: None, becomes: None }
    }

    /// A folder that the plan could not list, and which might contain wanted files. No recipe and no rule about files
    /// is ever asked about it: its attempt reports why it cannot be listed, and a retry lists it.
    pub fn not_listed(folder: RelPath) -> Self {
        PlannedFile { mtime_ns: PlannedFile::NOT_LISTED, ..PlannedFile::not_seen(folder) }
    }

    /// Whether the plan inspected it.
    pub fn was_seen(&self) -> bool {
        self.mtime_ns != PlannedFile::NOT_SEEN && !self.is_unlisted()
    }

    /// Whether it is a folder that the plan could not list.
    pub fn is_unlisted(&self) -> bool {
        self.mtime_ns == PlannedFile::NOT_LISTED
    }
}
