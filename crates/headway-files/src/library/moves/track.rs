//! The names that each file of a change goes through, and at which of them the file is.

use std::io;

use rustix::io::Errno;

use super::{FileNames, NameState, Unfit};
use headway_model::{Move, RelPath};

/// A file and the names that it goes through.
#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    /// At least two different names, in order.
    pub(super) names: Vec<&'a RelPath>,
    /// The file's size, time and content.
    file: &'a Move,
}

/// A file that was renamed, once or several times in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its first name.
    pub from: RelPath,
    /// Its last name.
    pub to: RelPath,
    /// Its size, time and content.
    pub file: Move,
}

impl Moved {
    /// Whether it is an output, which had a temporary name before.
    pub fn is_output(&self) -> bool {
        self.from.is_reserved() && !is_in_trash(&self.from)
    }

    /// Whether it went to the trash.
    pub fn is_removed(&self) -> bool {
        is_in_trash(&self.to)
    }
}

/// Whether the path is in a trash. Headway's own names outside a trash are temporary files, never folders.
fn is_in_trash(path: &RelPath) -> bool {
    path.parent().is_some_and(|folder| folder.is_reserved())
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileLocation {
    /// The index of its name.
    pub(super) index: usize,
    /// Names to be removed: the second name that a half-made move left, and placeholders.
    spare: Vec<usize>,
    /// Whether it is an output that no longer exists: it was removed, or another file has taken its name.
    pub(super) is_gone: bool,
}

/// Where all files of a change are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileLocations {
    /// Each of them here.
    At(Vec<FileLocation>),
    /// For at least one file, that cannot be determined; this describes what is there.
    Conflict(String),
}

/// The files of these moves; an error if two of them would have one name at the same time.
pub(super) fn tracks(moves: &[Move]) -> Result<Vec<Track<'_>>, Unfit> {
    let mut tracks: Vec<Track<'_>> = Vec::new();
    for step in moves {
        let at = match tracks.iter().position(|track| *track.last() == step.from) {
            Some(at) => {
                tracks[at].names.push(&step.to);
                at
            }
            // The earlier file at this name no longer has it.
            None if tracks.iter().any(|track| track.names.contains(&&step.from)) => {
                return Err(Unfit::Shared(step.from.clone()));
            }
            None => {
                tracks.push(Track { names: vec![&step.from, &step.to], file: step });
                tracks.len() - 1
            }
        };
        let (_, before) = tracks[at].names.split_last().unwrap_or((&&step.to, &[]));
        let is_again = before.contains(&&step.to);
        let is_taken = tracks.iter().enumerate().any(|(other, track)| other != at && *track.last() == step.to);
        if is_again || is_taken {
            return Err(Unfit::Shared(step.to.clone()));
        }
    }
    Ok(tracks)
}

/// For each move in order: the index of its file among the tracks, and the index of the file's name before the move.
pub(super) fn in_order(moves: &[Move], tracks: &[Track<'_>]) -> Vec<(usize, usize)> {
    let mut now = vec![0; tracks.len()];
    let next = |step: &Move| {
        let is_next = |(number, track): (usize, &Track<'_>)| {
            let at: usize = now[number];
            track.names.get(at..at + 2).is_some_and(|names| *names[0] == step.from && *names[1] == step.to)
        };
        let number = tracks.iter().enumerate().position(is_next)?;
        now[number] += 1;
        Some((number, now[number] - 1))
    };
    moves.iter().filter_map(next).collect()
}

/// Finds out where the files are. Changes nothing.
pub(super) fn locate(tracks: &[Track<'_>], names: &dyn FileNames) -> io::Result<FileLocations> {
    let mut at = Vec::with_capacity(tracks.len());
    for track in tracks {
        match track.at(names)? {
            Ok(found) => at.push(found),
            Err(lying) => return Ok(FileLocations::Conflict(lying)),
        }
    }
    Ok(FileLocations::At(at))
}

impl Track<'_> {
    pub(super) fn first(&self) -> &RelPath {
        self.names[0]
    }

    pub(super) fn last(&self) -> &RelPath {
        self.names[self.names.len() - 1]
    }

    pub(super) fn moved(&self) -> Moved {
        Moved { from: self.first().clone(), to: self.last().clone(), file: self.file.clone() }
    }

    /// Whether it is an output, which has a temporary name first.
    pub(super) fn is_output(&self) -> bool {
        self.moved().is_output()
    }

    /// Where the file is, or a description of what was found instead, for the failed item's message.
    fn at(&self, names: &dyn FileNames) -> io::Result<Result<FileLocation, String>> {
        let states = self.state_at(names)?;
        let ours: Vec<usize> =
            (0..states.len()).filter(|index| matches!(states[*index], NameState::Ours { .. })).collect();
        let held = (0..states.len()).filter(|index| states[*index] == NameState::Held);
        Ok(match ours[..] {
            [index] => Ok(FileLocation { index, spare: held.collect(), is_gone: false }),
            [] if self.is_output() => Ok(FileLocation { index: 0, spare: held.collect(), is_gone: true }),
            // Both names have the same inode: the move between them got as far as the second name.
            [one, other] if other == one + 1 && states[one] == states[other] => {
                Ok(FileLocation { index: other, spare: held.chain([one]).collect(), is_gone: false })
            }
            _ => Err(format!("there is {}", self.text(&states))),
        })
    }

    /// Whether a file that is here has its last name, and nothing is left to be removed.
    pub(super) fn is_through(&self, at: &FileLocation) -> bool {
        at.index + 1 == self.names.len() && at.spare.is_empty()
    }

    /// Whether the file is at this one of its names.
    pub(super) fn is_at(&self, name: &RelPath, names: &dyn FileNames) -> io::Result<bool> {
        let is_its = self.names.contains(&name);
        Ok(is_its && matches!(names.state_at(name, self.file, &self.names)?, NameState::Ours { .. }))
    }

    /// Describes what is at each of its names.
    pub(super) fn whereabouts(&self, names: &dyn FileNames) -> io::Result<String> {
        Ok(self.text(&self.state_at(names)?))
    }

    fn state_at(&self, names: &dyn FileNames) -> io::Result<Vec<NameState>> {
        self.names.iter().map(|name| names.state_at(name, self.file, &self.names)).collect()
    }

    /// Removes what a half-made move left.
    pub(super) fn clean(&self, at: &FileLocation, names: &dyn FileNames) -> io::Result<()> {
        at.spare.iter().try_for_each(|index| match names.remove(self.names[*index]) {
            // Two files that share a name also share what is to be removed.
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    fn text(&self, states: &[NameState]) -> String {
        let text = |(name, state): (&&RelPath, &NameState)| match state {
            NameState::Nothing => format!("nothing at {}", name.shown()),
            NameState::Ours { .. } => format!("the file, or one just like it, at {}", name.shown()),
            NameState::Held => format!("only what keeps the name free at {}", name.shown()),
            NameState::Theirs => format!("another file at {}", name.shown()),
        };
        let found: Vec<_> = self.names.iter().zip(states).map(text).collect();
        found.join(", ")
    }
}
