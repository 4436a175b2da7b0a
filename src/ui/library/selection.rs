//! The selection: single files and folders, across folders and pages, or everything that a view shows, including
//! files that appear later.

use crate::ui::parts::format::count;
use headway_model::library::{Entry, EntryKind, FolderView, Under};
use headway_model::request::{FolderQuery, PATHS_LIMIT};
use headway_model::{Query, RelPath, SortedMap};

/// A selection within one library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum Selection {
    /// These files and folders of the library with this name, each with its amount.
    Files(String, SortedMap<RelPath, Under>),
    /// Every file that the view shows on any page when the plan is made; and the present amount.
    Matching(Box<FolderView>, Under),
}

impl Default for Selection {
    fn default() -> Self {
        Selection::Files(String::new(), SortedMap::new())
    }
}

impl Selection {
    /// Whether nothing is selected.
    pub(in crate::ui) fn is_empty(&self) -> bool {
        matches!(self, Selection::Files(_, files) if files.is_empty())
    }

    /// Whether the file or folder is selected. A selection of all matches contains every row shown, because only
    /// matches are shown.
    pub(super) fn contains(&self, path: &RelPath) -> bool {
        match self {
            Selection::Files(_, files) => files.contains_key(path),
            Selection::Matching(..) => true,
        }
    }

    /// Whether the selection can stay when a page shows this view: single files are kept within their library, and
    /// all matches as long as they are what is shown.
    pub(super) fn can_stay_at(&self, view: &FolderView) -> bool {
        match self {
            Selection::Files(library, files) => files.is_empty() || *library == view.library,
            Selection::Matching(of, _) => of.has_files_of(view),
        }
    }

    /// Selects or deselects those of these rows that can be selected. This ends a selection of all matches, and one in
    /// another library.
    pub(super) fn set<'a>(&mut self, library: &str, rows: impl IntoIterator<Item = &'a Entry>, on: bool) {
        if !matches!(self, Selection::Files(of, _) if of == library) {
            *self = Selection::Files(library.to_owned(), SortedMap::new());
        }
        let Selection::Files(_, files) = self else { return };
        // They can be many, in any order.
        let rows = rows.into_iter().filter_map(selectable).map(|(path, row)| (path.clone(), row));
        let rows: SortedMap<_, _> = rows.collect();
        if on {
            files.extend(rows);
        } else {
            files.retain(|path, _| !rows.contains_key(path));
        }
    }

    /// The amount that is selected. Files in a selected folder count only once.
    pub(in crate::ui) fn amount(&self) -> Under {
        let files = match self {
            Selection::Matching(_, amount) => return *amount,
            Selection::Files(_, files) => files,
        };
        let mut sum = Under::default();
        // The order is by path, so the content of a folder comes after it.
        for (path, amount) in files.iter() {
            if !path.ancestors().iter().any(|above| above != path && files.contains_key(above)) {
                sum.files += amount.files;
                sum.bytes += amount.bytes;
            }
        }
        sum
    }

    /// Why the selection cannot be processed.
    pub(in crate::ui) fn obstacle(&self) -> Option<String> {
        match self {
            Selection::Files(_, files) if files.len() > PATHS_LIMIT => Some(format!(
                "{} files are selected one by one, and at most {} can be. Search or filter, then select all that match.",
                count(files.len() as u64),
                count(PATHS_LIMIT as u64)
            )),
            _ => None,
        }
    }

    /// The library of the selection, and the selection as a job's query; `None` if nothing is selected.
    pub(in crate::ui) fn query(&self) -> Option<(String, Query)> {
        match self {
            Selection::Files(_, files) if files.is_empty() => None,
            Selection::Files(library, files) => Some((library.clone(), Query::Paths(files.keys().cloned().collect()))),
            Selection::Matching(view, _) => Some(matching(view)),
        }
    }
}

/// What a row adds to a selection; `None` if it is neither a file nor a folder.
fn selectable(entry: &Entry) -> Option<(&RelPath, Under)> {
    let amount = match entry.kind {
        EntryKind::File => Under { files: 1, bytes: entry.size, ..Under::default() },
        EntryKind::Folder => entry.under.unwrap_or_default(),
        EntryKind::Symlink | EntryKind::Other => return None,
    };
    Some((&entry.path, amount))
}

/// The library of a view, and every file that the view shows, as a query.
pub(in crate::ui) fn matching(view: &FolderView) -> (String, Query) {
    let query = FolderQuery {
        path: view.folder.clone(),
        search: view.search.trim().to_owned(),
        show: view.show,
        ..FolderQuery::default()
    };
    (view.library.clone(), Query::Folder(query))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: EntryKind, files: u64) -> Entry {
        let under = (kind == EntryKind::Folder).then_some(Under { files, bytes: files * 10, ..Under::default() });
        let path = path.parse().expect("a path");
        Entry { path, kind, size: 10, modified: 0, outcome: None, under }
    }

    #[test]
    fn files_in_a_selected_folder_count_once() {
        let rows = [
            entry("a", EntryKind::Folder, 34),
            entry("a/x", EntryKind::File, 1),
            entry("b", EntryKind::File, 1),
            entry("link", EntryKind::Symlink, 0),
        ];
        let mut selection = Selection::default();
        selection.set("files", &rows, true);
        let amount = selection.amount();
        assert_eq!((amount.files, amount.bytes), (35, 350));
        assert!(!selection.contains(&rows[3].path), "a link is never taken");
        selection.set("files", &rows[..1], false);
        assert_eq!(selection.amount().files, 2);
    }

    #[test]
    fn a_selection_stays_where_it_means_what_is_shown() {
        let at = |library: &str, search: &str| FolderView {
            library: library.into(),
            search: search.into(),
            ..FolderView::default()
        };
        let mut selection = Selection::default();
        assert!(selection.can_stay_at(&at("other", "")) && selection.query().is_none());
        selection.set("files", &[entry("b", EntryKind::File, 1)], true);
        assert!(selection.can_stay_at(&at("files", "x")) && !selection.can_stay_at(&at("other", "x")));
        selection.set("other", &[entry("c", EntryKind::File, 1)], true);
        assert!(
            matches!(selection.query(), Some((library, Query::Paths(paths))) if library == "other" && paths.len() == 1)
        );
        let all = Selection::Matching(Box::new(at("files", "x")), Under::default());
        assert!(all.can_stay_at(&at("files", "x ")) && !all.can_stay_at(&at("files", "")));
    }
}
