//! What is selected: files one by one, over folders and pages, or all that a view shows and ever will.

use std::collections::BTreeSet;

use crate::ui::parts::format::count;
use headway_model::library::{FolderView, Show};
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::{Query, RelPath};

/// A selection within one library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum Selection {
    /// These files.
    Files(BTreeSet<RelPath>),
    /// Every file that these views show, on whatever page, when the plan is made; and how many rows that is now.
    Matching(Box<FolderView>, u64),
}

impl Default for Selection {
    fn default() -> Self {
        Selection::Files(BTreeSet::new())
    }
}

impl Selection {
    /// Whether nothing is selected.
    pub(in crate::ui) fn is_empty(&self) -> bool {
        matches!(self, Selection::Files(files) if files.is_empty())
    }

    /// Whether the file is selected. What matches is not asked again: the rows shown are those that match.
    pub(super) fn contains(&self, path: &RelPath) -> bool {
        match self {
            Selection::Files(files) => files.contains(path),
            Selection::Matching(..) => true,
        }
    }

    /// Selects these files or takes them out. A selection of all that match ends by it.
    pub(super) fn set<'a>(&mut self, paths: impl IntoIterator<Item = &'a RelPath>, on: bool) {
        if let Selection::Matching(..) = self {
            *self = Selection::default();
        }
        let Selection::Files(files) = self else { return };
        for path in paths {
            if on {
                files.insert(path.clone());
            } else {
                files.remove(path);
            }
        }
    }

    /// In words.
    pub(in crate::ui) fn text(&self) -> String {
        match self {
            Selection::Files(files) => count(files.len() as u64),
            Selection::Matching(_, total) => format!("all {}", count(*total)),
        }
    }

    /// Why it cannot be processed as it is.
    pub(in crate::ui) fn obstacle(&self) -> Option<String> {
        match self {
            Selection::Files(files) if files.len() > PATHS_LIMIT => Some(format!(
                "{} files are selected one by one, at most {} can be; search or filter, then select all that match",
                count(files.len() as u64),
                count(PATHS_LIMIT as u64)
            )),
            _ => None,
        }
    }

    /// As a job's query.
    pub(in crate::ui) fn query(&self) -> Query {
        match self {
            Selection::Files(files) => Query::Paths(files.iter().cloned().collect()),
            Selection::Matching(view, _) => Query::Folder(matching(view)),
        }
    }
}

/// Every file that a view shows, as a query.
pub(in crate::ui) fn matching(view: &FolderView) -> FolderQuery {
    FolderQuery {
        path: view.folder.clone(),
        search: view.search.trim().to_owned(),
        show: if view.is_deep() { view.show } else { Show::All },
        ..FolderQuery::default()
    }
}
