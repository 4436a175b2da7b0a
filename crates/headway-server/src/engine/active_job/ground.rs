//! The library root that a job was planned on, with the disks inside it, and whether the library still has them.

use parking_lot::Mutex;

use super::super::plan::disks_of;
use headway_files::{DataFolder, Ground, Identity, Library, environment};
use headway_model::request::FolderQuery;
use headway_model::{JobId, PauseReason, Query, RelPath, StartJob};

/// What a job was planned on, and how often a person had accepted something else by then.
pub(super) struct PlannedRoot {
    planned: Mutex<(Option<Ground>, u64)>,
    /// The only ground that the job can be planned on, if that is known: an undo, and a job that tries items of another one
    /// again, is about what is on these disks.
    only: Option<Ground>,
}

/// What a job is bound to, if that is known: what it was planned on, or for a job about items of another one, what the other
/// job was planned on.
pub(crate) fn ground(data: &DataFolder, job: JobId, request: &StartJob) -> Option<Ground> {
    data.ground(&job).or_else(|| match &request.query {
        Query::Items(other) => data.ground(&other.job),
        Query::Folder(_) | Query::Paths(_) => None,
    })
}

/// This root of a library with the disks inside it on which a job can have files or outputs. Blocking.
pub(crate) fn ground_of(root: Identity, library: &Library, request: &StartJob) -> Result<Ground, PauseReason> {
    let mounted = library.mounted().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
    if mounted.is_empty() {
        return Ok(Ground::new(root));
    }
    let request = match &request.query {
        // A folder that is not there, or is none, is found out by the listing.
        Query::Folder(query) => match library.folder_at(&query.path) {
            Ok(path) if path != query.path => {
                &StartJob { query: Query::Folder(FolderQuery { path, ..query.clone() }), ..request.clone() }
            }
            Ok(_) | Err(_) => request,
        },
        Query::Paths(_) | Query::Items(_) => request,
    };
    Ok(Ground::new(root).with_disks(&library.path, disks_of(request, mounted.into_keys())))
}

impl PlannedRoot {
    /// What the data folder has stored for this job, or the present root if nothing is stored.
    pub(super) fn of(job: JobId, request: &StartJob, library: &Library, data: &DataFolder) -> Self {
        let ((now, accepted), bound) = (library.identity(), ground(data, job, request));
        let is_about_items = matches!(&request.query, Query::Items(_));
        let only = bound.clone().filter(|_| is_about_items);
        PlannedRoot { planned: Mutex::new((bound.or(now.map(Ground::new)), accepted)), only }
    }

    /// Whether the job can be planned on the present root and disks: on any, unless it is about what is on others. A person
    /// can accept any. Blocking.
    pub(super) fn admits(&self, library: &Library) -> bool {
        let (now, accepted) = library.identity();
        if accepted != self.planned.lock().1 {
            return true;
        }
        let is_same = |only: &Ground| now == Some(only.root) && only.exchanged(&library.path).is_none();
        self.only.as_ref().is_none_or(is_same)
    }

    /// Accepts the present root, and returns what the data folder stores about it. Blocking.
    pub(super) fn settle(&self, library: &Library, request: &StartJob) -> Result<Option<Ground>, PauseReason> {
        library.look_again()?;
        if !self.admits(library) {
            return Err(PauseReason::LibraryGone);
        }
        library.note_mounts().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
        let (root, accepted) = library.identity();
        let ground = root.map(|root| ground_of(root, library, request)).transpose()?;
        *self.planned.lock() = (ground.clone(), accepted);
        Ok(ground)
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one.
    pub(super) fn is_same(&self, library: &Library) -> bool {
        let ((now, accepted), mut planned) = (library.identity(), self.planned.lock());
        if planned.0.is_none() || accepted != planned.1 {
            // With the root, a person has accepted the disks inside it.
            *planned = (now.map(Ground::new), accepted);
        }
        now == planned.0.as_ref().map(|ground| ground.root)
    }

    /// The mount point of a disk inside the library in whose place there is another one than the job was planned on: of the
    /// disk of this path, or with `None` of any. Blocking.
    pub(super) fn exchanged(&self, library: &Library, path: Option<&RelPath>) -> Option<RelPath> {
        // Nobody waits for the lock while a disk is looked at.
        let planned = self.planned.lock().0.clone().filter(Ground::has_disks)?;
        match path {
            Some(path) => planned.exchanged_at(&library.path, path),
            None => planned.exchanged(&library.path),
        }
    }
}
