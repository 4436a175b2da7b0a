//! Which files a job was asked for: a line about one of them must be checked.

use std::collections::HashSet;

use super::RelPath;
use headway_model::library::OutcomeFilter;
use headway_model::request::FolderQuery;
use headway_model::{Query, StartJob};

/// The files that a job was asked for, as far as the request alone tells.
pub(super) enum RequestedFiles<'a> {
    /// These files.
    These(HashSet<&'a RelPath>),
    /// All files below this folder.
    Below(&'a RelPath),
    /// Files that patterns or conditions select. Those that are not there, or are no files, are items of the job.
    Items,
    /// Files that an earlier job or their last outcome selects, which the request alone does not list.
    Unknown,
}

impl<'a> RequestedFiles<'a> {
    /// The files that a request asks for.
    pub(super) fn by(request: &'a StartJob) -> Self {
        match &request.query {
            Query::Paths(_) if !request.conditions.is_empty() => RequestedFiles::Items,
            Query::Paths(paths) => RequestedFiles::These(paths.iter().collect()),
            Query::Folder(folder)
                if request.conditions.is_empty()
                    && *folder == (FolderQuery { path: folder.path.clone(), ..Default::default() }) =>
            {
                RequestedFiles::Below(&folder.path)
            }
            Query::Folder(folder) if folder.show == OutcomeFilter::All => RequestedFiles::Items,
            Query::Folder(_) | Query::Items(_) => RequestedFiles::Unknown,
        }
    }

    /// Whether this file was certainly not asked for, so that its state does not matter to the job. `is_item` says whether it is
    /// an item of the job.
    pub(super) fn leaves_out(&self, path: &RelPath, is_item: bool) -> bool {
        match self {
            RequestedFiles::Items => !is_item,
            RequestedFiles::These(paths) => !path.ancestors().iter().any(|above| paths.contains(above)),
            RequestedFiles::Below(folder) => !path.ancestors().contains(folder),
            RequestedFiles::Unknown => false,
        }
    }

    /// Whether this file was certainly asked for.
    pub(super) fn for_file(&self, path: &RelPath, is_item: bool) -> bool {
        match self {
            RequestedFiles::Items => is_item,
            RequestedFiles::These(paths) => path.ancestors().iter().any(|above| paths.contains(above)),
            RequestedFiles::Below(folder) => path.ancestors().contains(folder),
            RequestedFiles::Unknown => false,
        }
    }
}
