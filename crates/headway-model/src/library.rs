//! What the pages show of a library: one window of a folder, or of all matching files below it.

mod natural;
mod page;
mod pattern;
mod row_key;
mod view;

pub use natural::{in_order, natural, natural_path};
pub use page::{Entry, EntryKind, FolderPage, LastOutcome, ScanProgress, Under, Unread};
pub use pattern::{Pattern, SEARCH_LIMIT, folded, folded_bytes};
pub use row_key::{InvalidRowKey, RowKey};
pub use view::{FolderView, OutcomeFilter, Sort};
