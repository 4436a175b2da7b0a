//! The library root that a job was planned on, and whether the library still has that root.

use parking_lot::Mutex;

use super::super::plan::disks_of;
use headway_files::{DataFolder, Ground, Identity, Library, environment};
use headway_model::{JobId, PauseReason, Query, StartJob};

/// The root that a job was planned on, and how often a person had accepted another one by then.
pub(super) struct PlannedRoot {
    planned: Mutex<(Option<Identity>, u64)>,
    /// The only root that the job can be planned on, if that is known: an undo, and a job that tries items of another one
    /// again, is about what is on one disk.
    only: Option<Identity>,
}

/// The root that a job is bound to, if that is known: the one that it was planned on, or for a job about items of another
/// one, the one that the other job was planned on.
pub(crate) fn ground(data: &DataFolder, job: JobId, request: &StartJob) -> Option<Identity> {
    data.ground(&job).or_else(|| match &request.query {
        Query::Items(other) => data.ground(&other.job),
        Query::Folder(_) | Query::Paths(_) => None,
    })
}

/// This root of a library with the disks inside it on which a job can have files. Blocking.
pub(crate) fn ground_of(root: Identity, library: &Library, request: &StartJob) -> Result<Ground, PauseReason> {
    let mounted = library.mounted().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
    Ok(Ground::new(root).with_disks(&library.path, disks_of(request, mounted.into_keys())))
}

impl PlannedRoot {
    /// The root that the data folder has stored for this job, or the present one if none is stored.
    pub(super) fn of(job: JobId, request: &StartJob, library: &Library, data: &DataFolder) -> Self {
        let (now, bound) = (library.identity(), ground(data, job, request));
        let is_about_items = matches!(&request.query, Query::Items(_));
        let planned = Mutex::new(bound.map_or(now, |planned| (Some(planned), now.1)));
        PlannedRoot { planned, only: bound.filter(|_| is_about_items) }
    }

    /// Whether the job can be planned on the present root: on any, unless it is about what is on another one. A person can
    /// accept any.
    pub(super) fn admits(&self, library: &Library) -> bool {
        let (now, accepted) = library.identity();
        self.only.is_none_or(|only| now == Some(only) || accepted != self.planned.lock().1)
    }

    /// Accepts the present root, and returns what the data folder stores about it. Blocking.
    pub(super) fn settle(&self, library: &Library, request: &StartJob) -> Result<Option<Ground>, PauseReason> {
        library.look_again()?;
        if !self.admits(library) {
            return Err(PauseReason::LibraryGone);
        }
        library.note_mounts().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
        let now = library.identity();
        *self.planned.lock() = now;
        now.0.map(|root| ground_of(root, library, request)).transpose()
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one.
    pub(super) fn is_same(&self, library: &Library) -> bool {
        let (now, mut planned) = (library.identity(), self.planned.lock());
        if planned.0.is_none() || now.1 != planned.1 {
            *planned = now;
        }
        now == *planned
    }
}
