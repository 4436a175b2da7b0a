//! The library root that a job was planned on, with the disks inside it, and whether the library still has them.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::plan::disks_of;
use headway_files::{DataFolder, Ground, Identity, Library, environment};
use headway_model::request::FolderQuery;
use headway_model::{JobId, PauseReason, Query, RelPath, StartJob};

/// The ground that a job was planned on, or that a person has accepted for this job in its place.
pub(super) struct PlannedGround {
    job: JobId,
    /// It stores what a person accepts.
    data: Arc<DataFolder>,
    planned: Mutex<Option<Ground>>,
    /// The only ground that the job can be planned on, if that is known. An undo, or a retry of another job's items, is
    /// about the files on the disks of that job. A job that waited for its library before its plan is about the files of the library
    /// that was known then.
    only: Mutex<Option<Ground>>,
}

/// The ground that a job is bound to, if that is known: the one that it was planned on or, for a job about items of
/// another one, the ground of the other job. An error if what is stored cannot be read.
pub(crate) fn ground(data: &DataFolder, job: JobId, request: &StartJob) -> io::Result<Option<Ground>> {
    let own = data.ground(&job)?;
    match &request.query {
        Query::Items(other) if own.is_none() => data.ground(&other.job),
        Query::Items(_) | Query::Folder(_) | Query::Paths(_) => Ok(own),
    }
}

/// This root of a library with the disks inside it on which a job can have files or outputs. Blocking.
pub(crate) fn ground_of(root: Identity, library: &Library, request: &StartJob) -> Result<Ground, PauseReason> {
    let mounted = library.mounted().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
    if mounted.is_empty() {
        return Ok(Ground::new(root));
    }
    let request = match &request.query {
        Query::Folder(query) => match library.folder_at(&query.path) {
            Ok(path) if path != query.path => {
                &StartJob { query: Query::Folder(FolderQuery { path, ..query.clone() }), ..request.clone() }
            }
            Ok(_) => request,
            // The listing reports a folder that is missing, is not a folder or cannot be opened.
            Err(error) => match environment(&error) {
                Some(reason) => return Err(reason),
                None => request,
            },
        },
        Query::Paths(_) | Query::Items(_) => request,
    };
    Ok(Ground::new(root).with_disks(&library.path, disks_of(request, mounted.into_keys())))
}

impl PlannedGround {
    /// What the data folder has stored for this job, or the present root if nothing is stored. An error if that cannot be
    /// read: the job must not be carried out on whatever is there now.
    pub(super) fn of(job: JobId, request: &StartJob, library: &Library, data: Arc<DataFolder>) -> io::Result<Self> {
        let bound = ground(&data, job, request)?;
        let only = Mutex::new(bound.clone());
        Ok(PlannedGround { job, data, planned: Mutex::new(bound.or(library.remembered().map(Ground::new))), only })
    }

    /// Whether the job can be planned on the present root and disks: on any, unless it is about what is on others and no
    /// person has accepted these for it. An error if what a person has accepted cannot be read. Blocking.
    pub(super) fn admits(&self, library: &Library) -> io::Result<bool> {
        let Some(only) = self.only.lock().clone() else { return Ok(true) };
        let now = library.identity();
        let is_here = |ground: &Ground| now == Some(ground.root) && matches!(ground.exchanged(&library.path), Ok(None));
        Ok(is_here(&only) || self.data.ground(&self.job)?.is_some_and(|it| is_here(&it)))
    }

    /// Binds the job to the library that was known when it began to wait: another disk in its place is not what was asked for.
    fn wait_for_known(&self, library: &Library, reason: PauseReason) {
        let mut only = self.only.lock();
        if reason == PauseReason::LibraryGone
            && only.is_none()
            && let Some(known) = library.remembered()
        {
            let known = Ground::new(known);
            self.data.keep_ground(&self.job, &library.name, &known);
            *only = Some(known);
        }
    }

    /// Accepts the present root, and returns what the data folder stores about it. Blocking.
    pub(super) fn accept_present_root(
        &self,
        library: &Library,
        request: &StartJob,
    ) -> Result<Option<Ground>, PauseReason> {
        library.look_again().inspect_err(|reason| self.wait_for_known(library, *reason))?;
        let admits = self.admits(library);
        if !admits.map_err(|error| environment(&error).unwrap_or(PauseReason::StorageErrors))? {
            return Err(PauseReason::LibraryGone);
        }
        library.note_mounts().map_err(|error| environment(&error).unwrap_or(PauseReason::LibraryGone))?;
        let ground = library.identity().map(|root| ground_of(root, library, request)).transpose()?;
        *self.planned.lock() = ground.clone();
        Ok(ground)
    }

    /// Whether the library's root is still the one that the job was planned on, or a person has accepted the present
    /// one for this job. What cannot be read is not known to be accepted: the job waits.
    pub(super) fn is_same(&self, library: &Library) -> bool {
        let now = library.identity();
        let planned = {
            let mut planned = self.planned.lock();
            // Where nothing was stored, it is what is there first.
            *planned = planned.take().or(now.map(Ground::new));
            planned.clone()
        };
        let Some(planned) = planned else { return true };
        let is_here = |ground: &Ground| now == Some(ground.root);
        is_here(&planned) || matches!(self.accepted_since(&planned), Ok(Some(accepted)) if is_here(&accepted))
    }

    /// Whether the library's root is there, and is the one that the job was planned on or that a person has accepted for
    /// it. That one is taken up again if it is back, also if new jobs were to use another one in the meantime. Blocking.
    pub(super) fn is_there(&self, library: &Library) -> bool {
        let planned = self.planned.lock().clone();
        let is_reached = |ground: &Ground| library.reach_planned(ground.root).is_ok();
        let is_here = match &planned {
            Some(planned) if is_reached(planned) => true,
            Some(planned) => matches!(self.accepted_since(planned), Ok(Some(accepted)) if is_reached(&accepted)),
            None => library.reach().is_ok(),
        };
        is_here && self.is_same(library)
    }

    /// The mount point inside the library at which there is another disk now than the one that the job was planned on.
    /// Looks at the disk of this path, or at all disks if it is `None`. An error if that cannot be found out. Blocking.
    pub(super) fn exchanged(&self, library: &Library, path: Option<&RelPath>) -> io::Result<Option<RelPath>> {
        // Nobody waits for the lock while a disk is looked at.
        let Some(planned) = self.planned.lock().clone().filter(Ground::has_disks) else { return Ok(None) };
        let exchanged = |ground: &Ground| match path {
            Some(path) => ground.exchanged_at(&library.path, path),
            None => ground.exchanged(&library.path),
        };
        match exchanged(&planned) {
            Ok(None) => Ok(None),
            found => match self.accepted_since(&planned)? {
                Some(accepted) => exchanged(&accepted),
                None => found,
            },
        }
    }

    /// The missing disks inside the library without which a person wants this job to go on: their mount points.
    pub(super) fn accepted_missing(&self) -> BTreeSet<RelPath> {
        self.data.accepted_missing(&self.job)
    }

    /// What a person has accepted for this job, if that is not what was `planned`. An acceptance for another job of the
    /// library does not apply to this one.
    fn accepted_since(&self, planned: &Ground) -> io::Result<Option<Ground>> {
        let accepted = self.data.ground(&self.job)?.filter(|accepted| accepted != planned);
        if accepted.is_some() {
            *self.planned.lock() = accepted.clone();
        }
        Ok(accepted)
    }
}
