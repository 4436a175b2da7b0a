//! Renames that belong together: either all are made or none is. Giving an output its name and moving a file to the
//! trash are renames too.
//!
//! `Moves` are durable in the log before the first of them is made, and none of them overwrites a file. If the
//! process dies on the way, looking at the disk tells how far it got: a file is recognised by its size, its time and,
//! if it was read, its content.

mod change;
mod disk;
mod order;
mod track;

use std::io;

use rustix::io::Errno;

use super::{PlacementState, Prediction};
use headway_model::{DiskEffect, JobEvent, Move, RelPath, SkipReason};
use track::{FileLocation, FileLocations, locate, tracks};

pub use change::{BadChange, Change};
pub use disk::Reach;
pub use track::Moved;

/// The content of a `changing` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    steps: Vec<Move>,
    /// Folders that are created for the new names.
    folders: Vec<RelPath>,
}

/// Why moves cannot be made together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There are no moves.
    #[error("there is nothing to rename")]
    Empty,
    /// Two files would have one name at the same time.
    #[error("two of its files would have the name {}", .0.shown())]
    Shared(RelPath),
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameState {
    Nothing,
    /// The file that the move describes. Its device and inode tell whether two names belong to one file.
    Ours {
        device: u64,
        inode: u64,
    },
    /// A placeholder that keeps the name free for the file.
    Held,
    /// Anything else.
    Theirs,
}

/// The names of files, and what can be done with them.
trait FileNames {
    /// What has `name`. `file` describes the file that is looked for, and `names` are all names that it gets.
    fn state_at(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<NameState>;
    /// Renames a file if the new name is free; otherwise fails with `EXIST` and changes nothing.
    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno>;
    /// Removes a name.
    fn remove(&self, name: &RelPath) -> Result<(), Errno>;
    /// Syncs the folder that contains this name.
    fn sync(&self, name: &RelPath) -> io::Result<()>;
}

impl Moves {
    /// Moves that belong together, in the order in which they are made. A file can be renamed several times in a row,
    /// and can get a name that another file had before, but no two files can have the same name at the same time.
    pub fn new(moves: Vec<Move>) -> Result<Moves, Unfit> {
        if moves.is_empty() {
            return Err(Unfit::Empty);
        }
        tracks(&moves)?;
        Ok(Moves { steps: moves, folders: Vec::new() })
    }

    /// The same moves, together with the folders that are created for them.
    pub fn with_folders(self, folders: Vec<RelPath>) -> Moves {
        Moves { folders, ..self }
    }

    /// Folders that are created for the new names.
    pub fn folders(&self) -> &[RelPath] {
        &self.folders
    }

    /// The moves as a `changing` event.
    pub fn event(&self, item: u32, attempt: u32) -> JobEvent {
        JobEvent::Changing { item, attempt, moves: self.steps.clone(), folders: self.folders.clone() }
    }

    /// The moves in a `changing` event; `None` for any other event. They can be such that they cannot be made together.
    pub(super) fn of(event: &JobEvent) -> Option<Result<Moves, Unfit>> {
        let JobEvent::Changing { moves, folders, .. } = event else { return None };
        Some(Moves::new(moves.clone()).map(|moves| moves.with_folders(folders.clone())))
    }

    /// The moves that take these back: the same files, in reverse order.
    pub fn inverse(&self) -> Moves {
        Moves { steps: self.steps.iter().rev().map(Move::inverse).collect(), folders: Vec::new() }
    }

    /// The moves, in the order in which they are made.
    pub fn steps(&self) -> &[Move] {
        &self.steps
    }

    /// Each file by its first and its last name, in the order of their first moves.
    pub fn files(&self) -> Vec<Moved> {
        tracks(&self.steps).unwrap_or_default().iter().map(track::Track::moved).collect()
    }

    /// The item's own file: the first that is still among the user's files afterwards, or else the first.
    pub fn main(&self) -> Moved {
        let files = self.files();
        let stays = files.iter().find(|file| !file.is_removed());
        let first = &self.steps[0];
        let first = || Moved { from: first.from.clone(), to: first.to.clone(), file: first.clone() };
        stays.or(files.first()).cloned().unwrap_or_else(first)
    }

    /// Describes what is at each of the names.
    fn whereabouts(&self, names: &dyn FileNames) -> io::Result<String> {
        let tracks = tracks(&self.steps).map_err(io::Error::other)?;
        let lying = tracks.iter().map(|track| track.whereabouts(names)).collect::<io::Result<Vec<_>>>()?;
        Ok(format!("there is {}", lying.join(", ")))
    }

    /// Makes the moves in order. If one cannot be made, takes back those before it and removes outputs.
    fn make(&self, names: &dyn FileNames) -> Result<(), NotMade> {
        for (count, step) in self.steps.iter().enumerate() {
            // After a power failure, the disk must not have this move without the one that freed its name.
            let before = self.steps[..count].iter().rfind(|before| before.from == step.to);
            let room = before.map_or(Ok(()), |before| names.sync(&before.to).and_then(|()| names.sync(&before.from)));
            let room = room.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
            let stopped = match room.and_then(|()| names.rename_new(&step.from, &step.to)) {
                Ok(()) => match names.state_at(&step.to, step, &[]) {
                    Ok(NameState::Ours { .. }) => None,
                    // Another program's file has taken this name in the meantime.
                    Ok(_) => Some((count + 1, NotMade::Skip(SkipReason::Changed))),
                    Err(error) => Some((count + 1, NotMade::Error(error))),
                },
                Err(Errno::EXIST) => Some((count, NotMade::Skip(SkipReason::Collision))),
                Err(Errno::NOENT) => Some((count, NotMade::Skip(SkipReason::Missing))),
                Err(error) => Some((count, NotMade::Error(error.into()))),
            };
            if let Some((made, why)) = stopped {
                let tracks = tracks(&self.steps).unwrap_or_default();
                return Err(match take_back(&self.steps[..made], names).and_then(|()| discard(&tracks, names)) {
                    Ok(()) => why,
                    Err(error) => NotMade::Open(error.into()),
                });
            }
            super::fault("renamed");
        }
        Ok(())
    }

    /// Recovers moves that a process began before it died: completes them if possible, otherwise takes them back. An
    /// error means that something cannot be inspected, or that neither is possible now: they can be recovered again
    /// later.
    fn recover(&self, names: &dyn FileNames) -> io::Result<PlacementState> {
        let tracks = tracks(&self.steps).map_err(io::Error::other)?;
        let at = match locate(&tracks, names)? {
            FileLocations::Conflict(lying) => {
                return Ok(PlacementState::Conflict(format!("{lying}; nothing was touched")));
            }
            FileLocations::At(at) => at,
        };
        for (track, at) in tracks.iter().zip(&at) {
            track.clean(at, names)?;
        }
        // If an output is missing, its original stays or comes back.
        let gone: Vec<_> = at.iter().map(|at| at.is_gone).collect();
        let is_back = goes_back(&at);
        let at: Vec<_> = at.into_iter().map(|at| at.index).collect();
        if is_back {
            return self.back(&tracks, at, &gone, names);
        }
        let mut now = at;
        for (number, from) in track::in_order(&self.steps, &tracks) {
            let track = &tracks[number];
            if now[number] == from {
                if names.rename_new(track.names[from], track.names[from + 1]).is_err() {
                    return self.back(&tracks, now, &gone, names);
                }
                now[number] += 1;
            }
        }
        Ok(PlacementState::Done(DiskEffect::Changed))
    }

    /// How recovering them would end, as far as the names show now, and where the file is that would then have the name
    /// `path`.
    fn predict(&self, path: &RelPath, names: &dyn FileNames) -> io::Result<Prediction> {
        let tracks = tracks(&self.steps).map_err(io::Error::other)?;
        let places = match locate(&tracks, names)? {
            FileLocations::At(places) => places,
            FileLocations::Conflict(_) => {
                let mut outputs = tracks.iter().filter(|track| track.is_output());
                let is_output =
                    outputs.try_fold(false, |is, output| Ok::<_, io::Error>(is || output.is_at(path, names)?))?;
                return Ok(Prediction::Conflict { might_be_output: is_output });
            }
        };
        let is_back = goes_back(&places);
        let mut files = tracks.iter().zip(&places).filter(|(track, _)| !(is_back && track.is_output()));
        let has_it = |track: &track::Track<'_>| if is_back { track.first() == path } else { track.last() == path };
        let at = match files.find(|(track, _)| has_it(track)) {
            Some((track, place)) => Some(track.names[place.index].clone()),
            None => (!tracks.iter().any(|track| track.names.contains(&path))).then(|| path.clone()),
        };
        let is_complete = tracks.iter().zip(&places).all(|(track, place)| track.is_through(place));
        Ok(if is_back { Prediction::TakenBack { at } } else { Prediction::Done { is_complete, at } })
    }

    /// Takes back the moves that were made, up to `now`. Whatever has the name of an output that is `gone` is
    /// somebody else's file.
    fn back(
        &self,
        tracks: &[track::Track<'_>],
        mut now: Vec<usize>,
        gone: &[bool],
        names: &dyn FileNames,
    ) -> io::Result<PlacementState> {
        for (number, from) in track::in_order(&self.steps, tracks).into_iter().rev() {
            let track = &tracks[number];
            if now[number] == from + 1 {
                names.rename_new(track.names[from + 1], track.names[from])?;
                now[number] = from;
            }
        }
        discard(tracks.iter().zip(gone).filter(|(_, gone)| !**gone).map(|(track, _)| track), names)?;
        Ok(PlacementState::TakenBack)
    }
}

/// Whether moves are taken back if they are recovered while their files are here: an output is missing, or none was made.
fn goes_back(at: &[FileLocation]) -> bool {
    at.iter().any(|at| at.is_gone) || at.iter().all(|at| at.index == 0)
}

/// Why moves were not made.
#[derive(Debug)]
pub(super) enum NotMade {
    /// Nothing has changed, and the item is to be skipped for this reason.
    Skip(SkipReason),
    /// Nothing has changed.
    Error(io::Error),
    /// Some were made and could not be taken back, so they must be recovered.
    Open(io::Error),
}

fn take_back(made: &[Move], names: &dyn FileNames) -> Result<(), Errno> {
    made.iter().rev().try_for_each(|step| names.rename_new(&step.to, &step.from))
}

/// Removes outputs that did not get their names: nothing else can have the name of a temporary file.
fn discard<'a, 'b: 'a>(
    tracks: impl IntoIterator<Item = &'a track::Track<'b>>,
    names: &dyn FileNames,
) -> Result<(), Errno> {
    let mut outputs = tracks.into_iter().filter(|track| track.is_output());
    outputs.try_for_each(|output| match names.remove(output.first()) {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    })
}

#[cfg(test)]
mod tests;
