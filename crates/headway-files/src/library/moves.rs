//! Changes of names that belong together: all are made, or none is.
//!
//! `Moves` are durable in the log before the first of them is made. None overwrites a file. If the process dies on the way, looking at
//! the disk says how far it came: a file is known by its size, its time and, where it was read, its content.

mod change;
mod disk;
mod track;

use std::io;

use rustix::io::Errno;

use super::Verdict;
use headway_model::{Effect, JobEvent, Move, RelPath, SkipReason};
use track::{Decision, decide, tracks};

pub use change::Change;
pub use disk::Reach;

/// What a `changing` event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves(Vec<Move>);

/// Why changes of names cannot be made together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is none.
    #[error("no file gets another name")]
    Empty,
    /// Two files would have, or had, one name.
    #[error("two of its files would have the name {}", .0.shown())]
    Shared(RelPath),
}

/// What lies under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lies {
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
trait Names {
    /// What lies under `name`, where `file` says what the file is like, and `names` are all that it gets.
    fn lies(&self, name: &RelPath, file: &Move, names: &[&RelPath]) -> io::Result<Lies>;
    /// Renames a file if the name is free: `EXIST` otherwise, and nothing has changed.
    fn rename_new(&self, from: &RelPath, to: &RelPath) -> Result<(), Errno>;
    /// Removes a name.
    fn remove(&self, name: &RelPath) -> Result<(), Errno>;
}

impl Moves {
    /// Changes of names that belong together. One file may change its name several times in a row, but no two files share a name.
    pub fn new(moves: Vec<Move>) -> Result<Moves, Unfit> {
        if moves.is_empty() {
            return Err(Unfit::Empty);
        }
        tracks(&moves)?;
        Ok(Moves(moves))
    }

    /// As an event.
    pub fn event(&self, item: u32, attempt: u32) -> JobEvent {
        JobEvent::Changing { item, attempt, moves: self.0.clone() }
    }

    /// Of an event; `None` of any other, or of one whose moves do not belong together.
    pub fn of(event: &JobEvent) -> Option<Moves> {
        let JobEvent::Changing { moves, .. } = event else { return None };
        Moves::new(moves.clone()).ok()
    }

    /// The way back: the same files, in reverse order.
    pub fn inverse(&self) -> Moves {
        Moves(self.0.iter().rev().map(Move::inverse).collect())
    }

    /// The moves, in the order in which they are made.
    pub fn steps(&self) -> &[Move] {
        &self.0
    }

    /// The first and the last name of each file, in the order of their first moves.
    pub fn ends(&self) -> Vec<(RelPath, RelPath)> {
        let tracks = tracks(&self.0).unwrap_or_default();
        tracks.iter().map(|track| (track.first().clone(), track.last().clone())).collect()
    }

    /// The first and the last name of the first file that is moved: the item's own.
    pub fn main(&self) -> (&RelPath, &RelPath) {
        let first = &self.0[0];
        let last = self.0.iter().fold(&first.to, |at, step| if step.from == *at { &step.to } else { at });
        (&first.from, last)
    }

    /// What lies under its names, in words.
    fn whereabouts(&self, names: &dyn Names) -> io::Result<String> {
        let tracks = tracks(&self.0).map_err(io::Error::other)?;
        let lying = tracks.iter().map(|track| track.whereabouts(names)).collect::<io::Result<Vec<_>>>()?;
        Ok(format!("there is {}", lying.join(", ")))
    }

    /// Makes the moves in order. If one cannot be made, those before it are taken back.
    fn make(&self, names: &dyn Names) -> Result<(), NotMade> {
        for (count, step) in self.0.iter().enumerate() {
            let stopped = match names.rename_new(&step.from, &step.to) {
                Ok(()) => match names.lies(&step.to, step, &[]) {
                    Ok(Lies::Ours { .. }) => None,
                    // Another program's file had this name in the meantime.
                    Ok(_) => Some((count + 1, NotMade::Skip(SkipReason::Changed))),
                    Err(error) => Some((count + 1, NotMade::Error(error))),
                },
                Err(Errno::EXIST) => Some((count, NotMade::Skip(SkipReason::Collision))),
                Err(Errno::NOENT) => Some((count, NotMade::Skip(SkipReason::Missing))),
                Err(error) => Some((count, NotMade::Error(error.into()))),
            };
            if let Some((made, why)) = stopped {
                return Err(match take_back(&self.0[..made], names) {
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
    fn settle(&self, names: &dyn Names) -> io::Result<Verdict> {
        let tracks = tracks(&self.0).map_err(io::Error::other)?;
        let at = match decide(&tracks, names)? {
            Decision::Conflict(lying) => return Ok(Verdict::Conflict(format!("{lying}; nothing was touched"))),
            Decision::At(at) => at,
        };
        for (track, at) in tracks.iter().zip(&at) {
            track.clean(at, names)?;
        }
        let at: Vec<_> = at.into_iter().map(|at| at.index).collect();
        if at.iter().all(|at| *at == 0) {
            return Ok(Verdict::TakenBack);
        }
        let mut now = at.clone();
        for (track, at) in tracks.iter().zip(&mut now) {
            while *at < track.names.len() - 1 {
                if names.rename_new(track.names[*at], track.names[*at + 1]).is_err() {
                    return self.back(&tracks, now, names);
                }
                *at += 1;
            }
        }
        Ok(Verdict::Done(Effect::Changed))
    }

    fn back(&self, tracks: &[track::Track<'_>], now: Vec<usize>, names: &dyn Names) -> io::Result<Verdict> {
        for (track, at) in tracks.iter().zip(now).rev() {
            for at in (1..=at).rev() {
                names.rename_new(track.names[at], track.names[at - 1])?;
            }
        }
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

fn take_back(made: &[Move], names: &dyn Names) -> Result<(), Errno> {
    made.iter().rev().try_for_each(|step| names.rename_new(&step.to, &step.from))
}

#[cfg(test)]
mod tests;
