//! Changes of names that belong together: all are made, or none is. An output that gets its name, and a file that goes to the trash,
//! change their names as well.
//!
//! `Moves` are durable in the log before the first of them is made. None overwrites a file. If the process dies on the way, looking at
//! the disk says how far it came: a file is known by its size, its time and, where it was read, its content.

mod change;
mod disk;
mod order;
mod track;

use std::io;

use rustix::io::Errno;

use super::Verdict;
use headway_model::{DiskEffect, JobEvent, Move, RelPath, SkipReason};
use track::{Decision, decide, tracks};

pub use change::Change;
pub use disk::Reach;
pub use track::Moved;

/// What a `changing` event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    steps: Vec<Move>,
    /// Folders that are made for the new names.
    folders: Vec<RelPath>,
}

/// Why changes of names cannot be made together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is none.
    #[error("no file gets another name")]
    Empty,
    /// Two files would have one name at the same time.
    #[error("two of its files would have the name {}", .0.shown())]
    Shared(RelPath),
}

/// What lies under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameState {
    Nothing,
    /// A file as the move says; by these numbers it is told whether two names are of one file.
    Ours {
        device: u64,
        inode: u64,
    },
    /// What only keeps the name free for the file.
    Held,
    /// Anything else.
    Theirs,
}

/// Names that files have, and what can be done to them.
trait FileNames {
    /// What lies under `name`, where `file` says what the file is like, and `names` are all that it gets.
    fn lies(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<NameState>;
    /// Renames a file if the name is free: `EXIST` otherwise, and nothing has changed.
    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno>;
    /// Removes a name.
    fn remove(&self, name: &RelPath) -> Result<(), Errno>;
    /// Brings the names in the folder of this one to the disk.
    fn sync(&self, name: &RelPath) -> io::Result<()>;
}

impl Moves {
    /// Changes of names that belong together, in the order in which they are made. One file may change its name several times in a
    /// row, and a file may get a name that another one had before, but no two files have one name at the same time.
    pub fn new(moves: Vec<Move>) -> Result<Moves, Unfit> {
        if moves.is_empty() {
            return Err(Unfit::Empty);
        }
        tracks(&moves)?;
        Ok(Moves { steps: moves, folders: Vec::new() })
    }

    /// The same, for whose names these folders are made.
    pub fn with_folders(self, folders: Vec<RelPath>) -> Moves {
        Moves { folders, ..self }
    }

    /// Folders that are made for the new names.
    pub fn folders(&self) -> &[RelPath] {
        &self.folders
    }

    /// As an event.
    pub fn event(&self, item: u32, attempt: u32) -> JobEvent {
        JobEvent::Changing { item, attempt, moves: self.steps.clone(), folders: self.folders.clone() }
    }

    /// Of an event; `None` of any other, or of one whose moves do not belong together.
    pub fn of(event: &JobEvent) -> Option<Moves> {
        let JobEvent::Changing { moves, folders, .. } = event else { return None };
        Some(Moves::new(moves.clone()).ok()?.with_folders(folders.clone()))
    }

    /// The way back: the same files, in reverse order.
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

    /// What lies under its names, in words.
    fn whereabouts(&self, names: &dyn FileNames) -> io::Result<String> {
        let tracks = tracks(&self.steps).map_err(io::Error::other)?;
        let lying = tracks.iter().map(|track| track.whereabouts(names)).collect::<io::Result<Vec<_>>>()?;
        Ok(format!("there is {}", lying.join(", ")))
    }

    /// Makes the moves in order. If one cannot be made, those before it are taken back, and outputs are removed.
    fn make(&self, names: &dyn FileNames) -> Result<(), NotMade> {
        for (count, step) in self.steps.iter().enumerate() {
            // If the power fails, the disk must not have this move without the one that made room for it.
            let before = self.steps[..count].iter().rfind(|before| before.from == step.to);
            let room = before.map_or(Ok(()), |before| names.sync(&before.to).and_then(|()| names.sync(&before.from)));
            let room = room.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
            let stopped = match room.and_then(|()| names.rename_new(&step.from, &step.to)) {
                Ok(()) => match names.lies(&step.to, step, &[]) {
                    Ok(NameState::Ours { .. }) => None,
                    // Another program's file had this name in the meantime.
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

    /// Brings moves to an end that a process did not live to see: forward if it can, else back. An error if what lies there cannot be
    /// looked at, or neither can be done: then it can be settled again.
    fn settle(&self, names: &dyn FileNames) -> io::Result<Verdict> {
        let tracks = tracks(&self.steps).map_err(io::Error::other)?;
        let at = match decide(&tracks, names)? {
            Decision::Conflict(lying) => return Ok(Verdict::Conflict(format!("{lying}; nothing was touched"))),
            Decision::At(at) => at,
        };
        for (track, at) in tracks.iter().zip(&at) {
            track.clean(at, names)?;
        }
        // Without an output its original stays, or comes back.
        let gone: Vec<_> = at.iter().map(|at| at.is_gone).collect();
        let at: Vec<_> = at.into_iter().map(|at| at.index).collect();
        if gone.contains(&true) || at.iter().all(|at| *at == 0) {
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
        Ok(Verdict::Done(DiskEffect::Changed))
    }

    /// Takes moves back that were made as far as `now`. What has the name of an output that is `gone` is somebody else's.
    fn back(
        &self,
        tracks: &[track::Track<'_>],
        mut now: Vec<usize>,
        gone: &[bool],
        names: &dyn FileNames,
    ) -> io::Result<Verdict> {
        for (number, from) in track::in_order(&self.steps, tracks).into_iter().rev() {
            let track = &tracks[number];
            if now[number] == from + 1 {
                names.rename_new(track.names[from + 1], track.names[from])?;
                now[number] = from;
            }
        }
        discard(tracks.iter().zip(gone).filter(|(_, gone)| !**gone).map(|(track, _)| track), names)?;
        Ok(Verdict::TakenBack)
    }
}

/// Why moves were not made.
#[derive(Debug)]
pub(super) enum NotMade {
    /// All is as it was: there is a reason to skip the item.
    Skip(SkipReason),
    /// All is as it was.
    Error(io::Error),
    /// Some were made and could not be taken back: how far it came must be looked at.
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
