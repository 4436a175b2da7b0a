//! What a job's view says about the storage of its library.

use std::io;
use std::sync::Arc;

use super::Server;
use super::lacking_disks::LackingDisks;
use crate::engine;
use headway_files::{DataFolder, Ground, Identity, Library, Swap, Trashed, environment, io_text};
use headway_model::status::WaitEnd;
use headway_model::{JobId, JobStatus, Output, PauseReason, RelPath, StartJob};
use headway_store::rows::JobRow;

/// What a job's view says about its library.
#[derive(Default)]
pub(super) struct OnDisk {
    /// The number and bytes of files in the job's trash.
    pub(super) trash: (u64, u64),
    /// The number and bytes of files in what is left of a trash that was being emptied.
    pub(super) trash_left: (u64, u64),
    /// Whether the trash could not be read.
    pub(super) trash_unknown: bool,
    /// A note for a person: how the job replaces files, if it does, or what cannot be read.
    pub(super) note: Option<String>,
    /// What keeps the job from its library, if the library's folder does.
    pub(super) folder: Option<FolderGone>,
    /// Who gives the job its folder back.
    pub(super) ends: WaitEnd,
    /// The disks inside the library that the job lacks.
    pub(super) disks: LackingDisks,
}

/// Why a job does not have its library's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FolderGone {
    /// The folder at its path is empty, or is not the one that was last used.
    Replaced,
    /// Another folder is at its path, which new jobs can use.
    Another,
    /// Nothing is at its path, although its disk is there.
    Moved,
    /// Nothing is at its path.
    Absent,
}

impl FolderGone {
    /// Looks at the folder of a library for a job that was planned on this root. Also returns who gives it back. Blocking.
    fn of(library: &Library, planned: Option<Identity>) -> (Option<Self>, WaitEnd) {
        if library.is_another(planned) {
            return (Some(FolderGone::Another), WaitEnd::Person);
        }
        if planned.map_or_else(|| library.reach(), |planned| library.reach_planned(planned)).is_ok() {
            return (None, WaitEnd::Itself);
        }
        match (library.is_replaced(), library.was_moved()) {
            (true, true) => (Some(FolderGone::Replaced), WaitEnd::Person),
            (true, false) => (Some(FolderGone::Replaced), WaitEnd::Itself),
            (false, true) => (Some(FolderGone::Moved), WaitEnd::Person),
            (false, false) => (Some(FolderGone::Absent), WaitEnd::Itself),
        }
    }
}

/// What the trash of a job holds, and what is left of one that was being emptied; or why that is not known. Blocking.
fn held(library: &Library, id: JobId, folder: Option<FolderGone>) -> Result<(Trashed, Trashed), String> {
    // A copy of the folder can hold a trash of the same name, which is not the job's.
    if folder == Some(FolderGone::Another) {
        return Err(another_folder(&library.name));
    }
    let held = library.trashed(id).and_then(|trash| Ok((trash, library.half_emptied(id)?)));
    held.map_err(|error| unread_trash(library, &error))
}

/// Reports why it is not known what a trash holds.
fn unread_trash(library: &Library, error: &io::Error) -> String {
    match library.missing_mounts() {
        Ok(missing) if !missing.is_empty() && environment(error) == Some(PauseReason::LibraryGone) => {
            let mounts: Vec<_> = missing.keys().map(RelPath::shown).collect();
            format!("What the trash holds is not known: a disk is missing ({}).", mounts.join(", "))
        }
        Ok(_) | Err(_) => format!("The trash cannot be read: {}.", io_text(error)),
    }
}

/// What a job is bound to, if that is known; an error if it cannot be read. Blocking.
fn bound_ground(data: &DataFolder, id: JobId, request: Option<&StartJob>) -> io::Result<Option<Ground>> {
    request.map_or_else(|| data.ground(&id), |request| engine::ground(data, id, request))
}

/// The root that a job is bound to, if that is known; an error if it cannot be read. Blocking.
pub(super) fn bound_to(data: &DataFolder, id: JobId, request: Option<&StartJob>) -> io::Result<Option<Identity>> {
    Ok(bound_ground(data, id, request)?.map(|ground| ground.root))
}

/// Reports that a library's name or path leads to another folder than a job's.
pub(super) fn another_folder(library: &str) -> String {
    format!(
        "The folder of {library} is not the one that this job is about: the name was given to another folder, or the disk \
         was changed. What the job did is in its own folder."
    )
}

/// Reports that a disk inside a library is not the one on which a job was.
fn another_disk(library: &str, mount: &RelPath) -> String {
    format!(
        "At {} of {library} is another disk than this job was planned on. What the job did is on its own disk.",
        mount.shown()
    )
}

const SECOND_NAME: &str = "This file system cannot exchange two files in one step: each original gets a second name in the trash, \
    then the output takes its first.";

const TWO_MOVES: &str = "This file system can neither exchange two files in one step nor give one a second name: each original is \
    moved to the trash, then the output gets its name. For a moment there is no file of that name. If the server ends at \
    that moment, the next one completes the exchange.";

const LEADS_ELSEWHERE: &str = "The link that this library was named by leads to another folder now. Until the server starts again, \
    the library is the folder that it was.";

/// What a person is told about how a file system replaces files; nothing if it exchanges names.
fn note_about_swap(swap: Option<Swap>) -> Option<String> {
    match swap {
        None | Some(Swap::Exchange) => None,
        Some(Swap::SecondName) => Some(SECOND_NAME.to_owned()),
        Some(Swap::TwoMoves) => Some(TWO_MOVES.to_owned()),
    }
}

impl OnDisk {
    /// Nothing is known, for this reason.
    fn unknown(note: Option<String>) -> Self {
        OnDisk { trash_unknown: true, note, ..OnDisk::default() }
    }

    /// Looks at the library of a job, and at what the job has in it. Blocking.
    fn look(data: &DataFolder, library: &Library, id: JobId, request: Option<&StartJob>) -> Self {
        let replaces = request.and_then(|request| request.output.as_ref()).is_some_and(Output::replaces);
        let ground = match bound_ground(data, id, request) {
            Ok(ground) => ground,
            Err(error) => {
                let note = format!(
                    "The record of the folder and the disks that the job was planned on cannot be read: {}.",
                    io_text(&error)
                );
                return OnDisk::unknown(Some(note));
            }
        };
        let note = note_about_swap(replaces.then(|| library.swap()).flatten());
        let (folder, ends) = FolderGone::of(library, ground.as_ref().map(|ground| ground.root));
        let ground = ground.filter(|_| folder.is_none());
        let lacks = LackingDisks::of(library, ground.as_ref(), request, &data.accepted_missing(&id));
        let (disks, unseen) = lacks.unwrap_or_else(|error| (LackingDisks::default(), Some(error)));
        let other_disk = disks.exchanged.first().cloned();
        let ends = if other_disk.is_some() { WaitEnd::Person } else { ends };
        let held = match (&other_disk, &unseen) {
            (Some(mount), _) => Err(another_disk(&library.name, mount)),
            (None, Some(error)) => Err(format!("A disk inside the library cannot be looked at: {}.", io_text(error))),
            (None, None) => held(library, id, folder),
        };
        let (note, held) = match held {
            Ok(held) => (note, Some(held)),
            Err(why) if replaces || other_disk.is_some() || unseen.is_some() || folder == Some(FolderGone::Another) => {
                (Some([Some(why), note].into_iter().flatten().collect::<Vec<_>>().join(" ")), None)
            }
            Err(_) => (note, None),
        };
        let leads = library.leads_elsewhere().map(|_| LEADS_ELSEWHERE.to_owned());
        let note = leads.into_iter().chain(note).reduce(|one, other| format!("{one} {other}"));
        let (trash, left) = held.unwrap_or_default();
        OnDisk {
            trash: (trash.files, trash.bytes),
            trash_left: (left.files, left.bytes),
            trash_unknown: held.is_none(),
            note,
            folder,
            ends,
            disks,
        }
    }
}

impl Server {
    /// What a job's view says about its library.
    pub(super) async fn on_disk(&self, row: &JobRow, request: Option<&StartJob>) -> OnDisk {
        let (id, name) = (row.summary.job, &row.library);
        let is_waiting = row.summary.status == (JobStatus::Paused { reason: PauseReason::LibraryGone });
        let Ok(library) = self.library_of_job(name).await else { return OnDisk::unknown(None) };
        let (data, request) = (Arc::clone(&self.inner.context.data), request.cloned());
        let look = move || OnDisk::look(&data, &library, id, request.as_ref());
        let now = match self.inner.looks.ask(name, look).await {
            Ok(now) => now,
            Err(no_answer) => {
                return OnDisk::unknown(Some(format!("The storage of this library has given {no_answer}.")));
            }
        };
        if is_waiting {
            match now.folder {
                None => self.inner.told.note(id, now.disks.clone()),
                // The sentence about the folder says nothing of the disks inside it.
                Some(_) => self.inner.told.note(id, LackingDisks::default()),
            }
        } else if row.summary.status.is_terminal() {
            self.inner.told.forget(id);
        }
        now
    }
}
