//! The names that each file of a change has, one after the other, and at which of them it lies.

use std::io;

use rustix::io::Errno;

use super::{FileNames, NameState, Unfit};
use headway_model::{Move, RelPath};

/// A file, by the names that it gets one after the other.
#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    /// At least two names, all different.
    pub(super) names: Vec<&'a RelPath>,
    /// What the file is like.
    file: &'a Move,
}

/// A file that changed its name, or several names in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name that it had.
    pub from: RelPath,
    /// The name that it has.
    pub to: RelPath,
    /// What it is like.
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

/// Among the user's files Headway's own names are temporary: only a trash is a folder.
fn is_in_trash(path: &RelPath) -> bool {
    path.parent().is_some_and(|folder| folder.is_reserved())
}

/// Where a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileLocation {
    /// The index of its name.
    pub(super) index: usize,
    /// Names that are to be removed: the second name of a move that was made half, and what only keeps a name free.
    spare: Vec<usize>,
    /// It is an output, and lies nowhere: it was removed, or another file has its name by now.
    pub(super) is_gone: bool,
}

/// Where all files of a change lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Each of them here.
    At(Vec<FileLocation>),
    /// Of at least one that cannot be told: what lies there, in words.
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
            // Whatever had this name before does not have it any more.
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

/// For each move in order, the file that it moves, by its number among the tracks, and the index of the name that it has before.
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

/// Looks where the files lie. Only what is seen counts: nothing is changed here.
pub(super) fn decide(tracks: &[Track<'_>], names: &dyn FileNames) -> io::Result<Decision> {
    let mut at = Vec::with_capacity(tracks.len());
    for track in tracks {
        match track.at(names)? {
            Ok(found) => at.push(found),
            Err(lying) => return Ok(Decision::Conflict(lying)),
        }
    }
    Ok(Decision::At(at))
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

    /// Where the file lies, or what was found instead, in the words of the failed item.
    fn at(&self, names: &dyn FileNames) -> io::Result<Result<FileLocation, String>> {
        let lies = self.lies(names)?;
        let ours: Vec<usize> = (0..lies.len()).filter(|index| matches!(lies[*index], NameState::Ours { .. })).collect();
        let held = (0..lies.len()).filter(|index| lies[*index] == NameState::Held);
        Ok(match ours[..] {
            [index] => Ok(FileLocation { index, spare: held.collect(), is_gone: false }),
            [] if self.is_output() => Ok(FileLocation { index: 0, spare: held.collect(), is_gone: true }),
            // By its numbers it is one file: the move between the two names was made half, as a second name.
            [one, other] if other == one + 1 && lies[one] == lies[other] => {
                Ok(FileLocation { index: other, spare: held.chain([one]).collect(), is_gone: false })
            }
            _ => Err(format!("there is {}", self.text(&lies))),
        })
    }

    /// What lies under its names, in words.
    pub(super) fn whereabouts(&self, names: &dyn FileNames) -> io::Result<String> {
        Ok(self.text(&self.lies(names)?))
    }

    fn lies(&self, names: &dyn FileNames) -> io::Result<Vec<NameState>> {
        self.names.iter().map(|name| names.lies(name, self.file, &self.names)).collect()
    }

    /// Removes what a move that was made half left.
    pub(super) fn clean(&self, at: &FileLocation, names: &dyn FileNames) -> io::Result<()> {
        at.spare.iter().try_for_each(|index| match names.remove(self.names[*index]) {
            // Two files that share a name are cleaned of the same one.
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    fn text(&self, lies: &[NameState]) -> String {
        let text = |(name, lies): (&&RelPath, &NameState)| match lies {
            NameState::Nothing => format!("nothing at {}", name.shown()),
            NameState::Ours { .. } => format!("the file, or one just like it, at {}", name.shown()),
            NameState::Held => format!("only what keeps the name free at {}", name.shown()),
            NameState::Theirs => format!("another file at {}", name.shown()),
        };
        let found: Vec<_> = self.names.iter().zip(lies).map(text).collect();
        found.join(", ")
    }
}
