//! Which files a job was asked for: a line about one of them must be checked.

use std::collections::HashSet;

use super::RelPath;
use headway_files::is_litter;
use headway_model::Query;
use headway_model::request::FolderQuery;

/// The files that a job was asked for, as far as the request alone tells.
pub(super) enum RequestedFiles<'a> {
    /// These files.
    These(HashSet<&'a RelPath>),
    /// All files below this folder.
    Below(&'a RelPath),
    /// Files that patterns or an earlier job select, which the request alone does not tell.
    Unknown,
}

/// Whether a file, or a folder that contains it, was left behind by a system.
pub(super) fn is_in_litter(path: &RelPath) -> bool {
    let bytes = path.to_bytes();
    let mut parts = bytes.rsplit(|byte| *byte == b'/');
    parts.next().is_some_and(|name| is_litter(name, false)) || parts.any(|name| is_litter(name, true))
}

impl<'a> RequestedFiles<'a> {
    /// The files that a query asks for.
    pub(super) fn by(query: &'a Query) -> Self {
        match query {
            Query::Paths(paths) => RequestedFiles::These(paths.iter().collect()),
            Query::Folder(folder) if *folder == (FolderQuery { path: folder.path.clone(), ..Default::default() }) => {
                RequestedFiles::Below(&folder.path)
            }
            Query::Folder(_) | Query::Items(_) => RequestedFiles::Unknown,
        }
    }

    /// Whether this file was certainly asked for.
    pub(super) fn for_file(&self, path: &RelPath) -> bool {
        match self {
            RequestedFiles::These(paths) => paths.contains(path),
            // Plans leave out what systems left behind.
            RequestedFiles::Below(folder) => path.ancestors().contains(folder) && !is_in_litter(path),
            RequestedFiles::Unknown => false,
        }
    }
}
