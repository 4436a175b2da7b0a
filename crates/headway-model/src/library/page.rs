//! The window itself: its rows, where it lies, and how well the disk is known.

use serde::{Deserialize, Serialize};

use super::row_key::RowKey;
use super::view::OutcomeFilter;
use crate::id::{JobId, Millis};
use crate::path::RelPath;
use crate::read::FromJson;
use crate::serde_defaults::is_default;

/// A window of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FolderPage {
    /// The folder.
    pub folder: RelPath,
    /// The rows, folders first.
    pub entries: Vec<Entry>,
    /// How many rows there are in total.
    pub total: u64,
    /// How many of all rows are regular files rather than folders or links.
    #[serde(default)]
    pub files: u64,
    /// How many entries were left behind by systems, such as `.DS_Store`. They have no rows, and no job takes them
    /// unless asked to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left_out: u64,
    /// All files that a job over this view would take: those that match, or all files in the folder and below.
    #[serde(default, skip_serializing_if = "is_default")]
    pub under: Under,
    /// All files, of any outcome, that a job over this view would take: how many each filter of the page would show.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_outcome: Under,
    /// How many rows come before this window.
    pub first: u64,
    /// Pass this as `after` to get the next window.
    pub next: Option<RowKey>,
    /// Pass this as `before` to get the previous window.
    pub previous: Option<RowKey>,
    /// All that is listed and counted here was read from the disk at this time or later; `None` if it never was.
    pub seen: Option<Millis>,
    /// The scan that is in progress, if any; its end can change the window.
    pub scan: Option<ScanProgress>,
    /// Folders that the last scan of the whole library could not read. Their entries from earlier scans are still
    /// shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
}

/// Folders that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unread {
    /// How many; folders inside them are not counted.
    pub folders: u64,
    /// The first of them.
    pub first: RelPath,
}

/// The progress of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScanProgress {
    /// Folders read.
    pub folders: u64,
    /// Entries seen.
    pub entries: u64,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Its path.
    pub path: RelPath,
    /// Its kind.
    pub kind: EntryKind,
    /// Size in bytes, if it is a file.
    pub size: u64,
    /// When its content last changed.
    pub modified: Millis,
    /// Its outcome in a job.
    pub outcome: Option<LastOutcome>,
    /// What is below it, if it is a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Under>,
}

/// The files below a folder, as far as the index knows them, and how they ended in their last job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Under {
    /// How many files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many of them were processed.
    pub processed: u64,
    /// How many of them failed.
    pub failed: u64,
}

impl Under {
    /// How many of them a filter shows.
    pub fn shown(&self, show: OutcomeFilter) -> u64 {
        match show {
            OutcomeFilter::All => self.files,
            OutcomeFilter::Unprocessed => self.files.saturating_sub(self.processed + self.failed),
            OutcomeFilter::Processed => self.processed,
            OutcomeFilter::Failed => self.failed,
        }
    }
}

/// The kind of an entry. The numbers are stored on disk: only add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A symbolic link: shown, never followed.
    Symlink,
    /// A device, socket or pipe: shown, never opened.
    Other,
}

impl EntryKind {
    /// Its word, as in JSON.
    pub fn label(self) -> &'static str {
        match self {
            EntryKind::Folder => "folder",
            EntryKind::File => "file",
            EntryKind::Symlink => "symlink",
            EntryKind::Other => "other",
        }
    }

    /// The kind with this number.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => EntryKind::Folder,
            1 => EntryKind::File,
            2 => EntryKind::Symlink,
            _ => EntryKind::Other,
        }
    }
}

/// The outcome of a file that a library shows: its newest failure, if the same recipe has not succeeded with it since; or
/// else its outcome in the last job that did more than leave it out; or else in the last job that included it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastOutcome {
    /// The job.
    pub job: JobId,
    /// The name of that job's recipe; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// The label of the item's status.
    pub status: String,
    /// Whether it was skipped although it was asked for, so that the job did nothing with it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: bool,
    /// Why, if it was skipped or failed; of a failure, with the first line of its message.
    pub reason: Option<String>,
    /// The index of the file among those of the job; absent if the file had another name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Whether the file is known not to be what that job saw: its size or modification time is another.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changed_since: bool,
    /// When that job ended; absent while it is not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::EntryKind;

    #[test]
    fn the_word_for_a_kind_is_that_of_its_json() {
        for kind in [EntryKind::Folder, EntryKind::File, EntryKind::Symlink, EntryKind::Other] {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.label());
        }
    }
}
