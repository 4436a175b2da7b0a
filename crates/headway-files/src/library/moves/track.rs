//! The names that each file of a change has, one after the other, and at which of them it lies.

use std::collections::HashSet;
use std::io;

use super::{Lies, Names, Unfit};
use headway_model::{Move, RelPath};

/// A file, by the names that it gets one after the other.
#[derive(Debug, Clone)]
pub(super) struct Track<'a> {
    /// At least two names, all different.
    pub(super) names: Vec<&'a RelPath>,
    /// What the file is like.
    file: &'a Move,
}

/// Where a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    /// The index of its name.
    pub(super) index: usize,
    /// Names that are to be removed: the second name of a move that was made half, and what only keeps a name free.
    spare: Vec<usize>,
}

/// Where all files of a change lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Each of them here.
    At(Vec<At>),
    /// Of at least one that cannot be told: what lies there, in words.
    Conflict(String),
}

/// The files of these moves; an error if two of them share a name.
pub(super) fn tracks(moves: &[Move]) -> Result<Vec<Track<'_>>, Unfit> {
    let mut tracks: Vec<Track<'_>> = Vec::new();
    let mut taken = HashSet::new();
    for step in moves {
        let goes_on = |track: &&mut Track<'_>| *track.last() == step.from;
        match tracks.iter_mut().find(goes_on) {
            Some(track) => track.names.push(&step.to),
            None if !taken.insert(&step.from) => return Err(Unfit::Shared(step.from.clone())),
            None => tracks.push(Track { names: vec![&step.from, &step.to], file: step }),
        }
        if !taken.insert(&step.to) {
            return Err(Unfit::Shared(step.to.clone()));
        }
    }
    Ok(tracks)
}

/// Looks where the files lie. Only what is seen counts: nothing is changed here.
pub(super) fn decide(tracks: &[Track<'_>], names: &dyn Names) -> io::Result<Decision> {
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

    /// Where the file lies, or what was found instead.
    fn at(&self, names: &dyn Names) -> io::Result<Result<At, String>> {
        let lies = self.lies(names)?;
        let ours: Vec<usize> = (0..lies.len()).filter(|index| matches!(lies[*index], Lies::Ours { .. })).collect();
        let held = (0..lies.len()).filter(|index| lies[*index] == Lies::Held);
        Ok(match ours[..] {
            [index] => Ok(At { index, spare: held.collect() }),
            // By its numbers it is one file: the move between the two names was made half, as a second name.
            [one, other] if other == one + 1 && lies[one] == lies[other] => {
                Ok(At { index: other, spare: held.chain([one]).collect() })
            }
            _ => Err(format!("there is {}", self.text(&lies))),
        })
    }

    /// What lies under its names, in words.
    pub(super) fn whereabouts(&self, names: &dyn Names) -> io::Result<String> {
        Ok(self.text(&self.lies(names)?))
    }

    fn lies(&self, names: &dyn Names) -> io::Result<Vec<Lies>> {
        self.names.iter().map(|name| names.lies(name, self.file, &self.names)).collect()
    }

    /// Removes what a move that was made half left.
    pub(super) fn clean(&self, at: &At, names: &dyn Names) -> io::Result<()> {
        at.spare.iter().try_for_each(|index| names.remove(self.names[*index])).map_err(io::Error::from)
    }

    fn text(&self, lies: &[Lies]) -> String {
        let text = |(name, lies): (&&RelPath, &Lies)| match lies {
            Lies::Nothing => format!("nothing at {}", name.shown()),
            Lies::Ours { .. } => format!("the file, or one just like it, at {}", name.shown()),
            Lies::Held => format!("only what keeps the name free at {}", name.shown()),
            Lies::Theirs => format!("another file at {}", name.shown()),
        };
        let found: Vec<_> = self.names.iter().zip(lies).map(text).collect();
        found.join(", ")
    }
}
