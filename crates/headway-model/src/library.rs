//! What the pages show of a library: one window of a folder, or of all matching files below it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::id::{JobId, Millis};
use super::path::RelPath;

/// A request for a window of a library.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderView {
    /// Name of the library.
    pub library: String,
    /// The folder; empty for the root.
    #[serde(default)]
    pub folder: RelPath,
    /// What names must match, in the syntax of [`Pattern`]; empty matches every name.
    #[serde(default)]
    pub search: String,
    /// Which files, by their last outcome.
    #[serde(default)]
    pub show: Show,
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
    /// Maximum number of rows; at most 1,000.
    #[serde(default)]
    pub limit: u32,
}

impl FolderView {
    /// Whether the window shows everything below the folder rather than the folder's own entries.
    pub fn is_deep(&self) -> bool {
        !self.search.trim().is_empty() || self.show != Show::All
    }

    /// The same view, starting at the first row.
    pub fn from_start(&self) -> Self {
        FolderView { after: None, before: None, ..self.clone() }
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
            pub fn said(self) -> &'static str {
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

/// Which files, by their last outcome in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Those that, as far as is known, no job has processed in their current state.
    Unprocessed,
    /// Those that succeeded, or for which there was nothing to do.
    Processed,
    /// Those that failed.
    Failed,
}
words!(Show { All = "all", Unprocessed = "unprocessed", Processed = "processed", Failed = "failed" });

/// The order of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// By path, in byte order.
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

/// A row's position in the order of its window, whether or not the row still exists. On the wire: `LEAF.VALUE.PATH`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowKey {
    /// Whether it is anything but a folder.
    pub leaf: bool,
    /// The value it is sorted by; 0 for the order by name.
    pub value: i64,
    /// The row's path.
    pub path: RelPath,
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", u8::from(self.leaf), self.value, self.path)
    }
}

impl FromStr for RowKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (leaf, rest) = text.split_once('.')?;
            let (value, path) = rest.split_once('.')?;
            Some(RowKey { leaf: leaf == "1", value: value.parse().ok()?, path: path.parse().ok()? })
        };
        read().ok_or_else(|| format!("invalid row position {text:?}; omit it to start at the first row"))
    }
}

impl TryFrom<String> for RowKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<RowKey> for String {
    fn from(key: RowKey) -> String {
        key.to_string()
    }
}

/// A search text: a part of a name or, if it contains `*` (any characters) or `?` (one character), the whole name. Case
/// does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Parses what a person typed; `None` if it is blank.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return None;
        }
        Some(Pattern(if text.contains(['*', '?']) { text } else { format!("*{text}*") }))
    }

    /// In lower case, with `*` and `?`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Normalises a name for matching.
    pub fn searched(name: &str) -> String {
        RelPath::shown_text(name).to_lowercase()
    }

    /// Whether a name that [`Pattern::searched`] normalised matches. This is linear in practice: on a mismatch, only
    /// the last `*` takes one more character.
    pub fn matches(&self, searched: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), searched.chars().collect());
        let (mut p, mut n) = (0, 0);
        let mut star = None;
        while n < name.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, n));
                    p += 1;
                }
                Some(wanted) if *wanted == '?' || *wanted == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => match &mut star {
                    Some((at, taken)) => {
                        *taken += 1;
                        (p, n) = (*at + 1, *taken);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|rest| *rest == '*')
    }
}

/// A window of a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How many rows come before this window.
    pub first: u64,
    /// Pass this as `after` to get the next window.
    pub next: Option<RowKey>,
    /// Pass this as `before` to get the previous window.
    pub previous: Option<RowKey>,
    /// When this part of the disk was last read; `None` if never.
    pub seen: Option<Millis>,
    /// The scan that is in progress, if any; its end can change the window.
    pub scan: Option<ScanProgress>,
    /// Folders that the last scan of the whole library could not read. Their entries from earlier scans are still
    /// shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
}

/// Folders that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// How many; folders inside them are not counted.
    pub folders: u64,
    /// The first of them.
    pub first: RelPath,
}

/// The progress of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScanProgress {
    /// Folders read.
    pub folders: u64,
    /// Entries seen.
    pub entries: u64,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path.
    pub path: RelPath,
    /// Its kind.
    pub kind: EntryKind,
    /// Size in bytes, of a file.
    pub size: u64,
    /// When its content last changed.
    pub modified: Millis,
    /// Its last outcome in a job.
    pub outcome: Option<LastOutcome>,
}

/// The kind of an entry. The numbers are stored on disk: only add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// The outcome of a file in the last job that included it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOutcome {
    /// The job.
    pub job: JobId,
    /// The label of the item's status.
    pub status: String,
    /// Why, if it was skipped or failed.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_search_is_a_part_of_a_name_or_a_pattern_for_all_of_it() {
        for (text, name, matches) in [
            ("jpg", "IMG_1.JPG", true),
            ("*.jpg", "IMG_1.JPG", true),
            ("*.jpg", "IMG_1.JPG.txt", false),
            ("img_?.*", "IMG_1.JPG", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-c-", false),
            ("100%", "100%25", true),
            ("ÜBER", "über uns", true),
        ] {
            let pattern = Pattern::new(text).expect("a text");
            assert_eq!(pattern.matches(&Pattern::searched(name)), matches, "{text} {name}");
        }
        assert_eq!(Pattern::new("  "), None);
    }

    proptest! {
        #[test]
        fn a_place_in_a_folder_survives_the_wire(leaf: bool, value: i64, name in "[a-z.%]{1,12}") {
            if let Ok(path) = RelPath::from_bytes(name.as_bytes()) {
                let key = RowKey { leaf, value, path };
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }
}
