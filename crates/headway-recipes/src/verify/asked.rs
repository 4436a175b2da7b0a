//! What a job was asked for: a line about one of these files must be checked.

use std::collections::HashSet;

use super::RelPath;
use headway_model::Query;
use headway_model::request::FolderQuery;

/// The files that a job was asked for, as far as the request alone tells.
pub(super) enum Asked<'a> {
    /// These.
    These(HashSet<&'a RelPath>),
    /// All below this folder.
    Below(&'a RelPath),
    /// Those that patterns or an earlier job tell.
    Unknown,
}

impl<'a> Asked<'a> {
    /// Of a request.
    pub(super) fn by(query: &'a Query) -> Self {
        match query {
            Query::Paths(paths) => Asked::These(paths.iter().collect()),
            Query::Folder(folder) if *folder == (FolderQuery { path: folder.path.clone(), ..Default::default() }) => {
                Asked::Below(&folder.path)
            }
            Query::Folder(_) | Query::Items(_) => Asked::Unknown,
        }
    }

    /// Whether this file is certainly one of them.
    pub(super) fn for_file(&self, path: &RelPath) -> bool {
        match self {
            Asked::These(paths) => paths.contains(path),
            Asked::Below(folder) => path.ancestors().contains(folder),
            Asked::Unknown => false,
        }
    }
}
