//! The request for a window: which folder, which files, in which order.

use serde::{Deserialize, Serialize};

use super::row_key::RowKey;
use crate::path::RelPath;
use crate::read::FromJson;

/// A request for a window of a library.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FolderView {
    /// Name of the library.
    pub library: String,
    /// The folder; empty for the root.
    #[serde(default)]
    pub folder: RelPath,
    /// What names must match, in the syntax of [`Pattern`](super::Pattern); empty matches every name.
    #[serde(default)]
    pub search: String,
    /// Which files, by their last outcome.
    #[serde(default)]
    pub show: OutcomeFilter,
    /// The order of the rows.
    #[serde(default)]
    pub sort: Sort,
    /// Whether the order is reversed. Folders stay first.
    #[serde(default)]
    pub descending: bool,
    /// Start after this row.
    #[serde(default)]
    pub after: Option<RowKey>,
    /// End before this row; used only without `after`.
    #[serde(default)]
    pub before: Option<RowKey>,
    /// Start after this many rows; only without `after` and `before`.
    #[serde(default)]
    pub skip: u32,
    /// Maximum number of rows; at most 1,000.
    #[serde(default)]
    pub limit: u32,
}

impl FolderView {
    /// Whether the window shows everything below the folder rather than the folder's own entries.
    pub fn is_deep(&self) -> bool {
        !self.search.trim().is_empty() || self.show != OutcomeFilter::All
    }

    /// Whether both views stand for the same files, in whatever order and window.
    pub fn has_files_of(&self, other: &Self) -> bool {
        let files = |view: &Self| (view.library.clone(), view.folder.clone(), view.search.trim().to_owned(), view.show);
        files(self) == files(other)
    }

    /// The same view, starting at the first row.
    pub fn from_start(&self) -> Self {
        FolderView { after: None, before: None, skip: 0, ..self.clone() }
    }

    /// At most this many rows of the same view, starting after as many as `skip` says.
    pub fn part(&self, skip: u32, limit: u32) -> Self {
        FolderView { skip, limit, ..self.from_start() }
    }

    /// The same view, starting after this row.
    pub fn behind(&self, row: RowKey) -> Self {
        FolderView { after: Some(row), ..self.from_start() }
    }
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* }) => {
        impl $name {
            /// Every variant.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Its word in URLs and JSON.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// Its word, or nothing for the default.
            pub fn query_value(self) -> &'static str {
                if self.is_default() { "" } else { self.word() }
            }

            /// Parses its word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }

            /// Whether it is the default.
            pub fn is_default(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

/// Which files, by their outcomes in jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    /// All.
    #[default]
    All,
    /// Those that, as far as is known, no job has processed in their current state.
    Unprocessed,
    /// Those that succeeded in the last job that did more than leave them out, or for which there was nothing to do, and
    /// that are not listed as failed.
    Processed,
    /// Those that failed when some recipe last tried them.
    Failed,
}
words!(OutcomeFilter { All = "all", Unprocessed = "unprocessed", Processed = "processed", Failed = "failed" });

/// The order of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// By folder and name, in natural order: page2 before page10.
    #[default]
    Name,
    /// By size in bytes.
    Size,
    /// By the time of their last change of content.
    Modified,
    /// By last outcome.
    Outcome,
}
words!(Sort { Name = "name", Size = "size", Modified = "modified", Outcome = "outcome" });
