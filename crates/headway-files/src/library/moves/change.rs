//! What an attempt records before it changes the disk: an output that is put into place, or files that get other names.

use std::io;

use super::{Moved, Moves};
use crate::library::{Library, Placement, Verdict};
use headway_model::{JobEvent, RelPath};

/// A change that is durable in the log before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An output is put into place.
    Output(Placement),
    /// Files get other names.
    Names(Moves),
}

impl Change {
    /// Of an event, with its item and attempt; `None` of an event that announces no change.
    pub fn of(event: &JobEvent) -> Option<(u32, u32, Change)> {
        let (item, attempt) = event.item()?;
        let change = match event {
            JobEvent::Changing { .. } => Change::Names(Moves::of(event)?),
            _ => Change::Output(Placement::of(event)?),
        };
        Some((item, attempt?, change))
    }

    /// The temporary file of an output. As long as it is open how far the change came, an original may lie there.
    pub fn temp(&self) -> Option<RelPath> {
        match self {
            Change::Output(placement) => Some(placement.temp.clone()),
            Change::Names(moves) => moves.files().into_iter().find(Moved::is_output).map(|output| output.from),
        }
    }

    /// The path of the item's file, once the change is made; the one that it had, if it is in the trash.
    pub fn path(&self) -> RelPath {
        match self {
            Change::Output(placement) => placement.target.clone(),
            Change::Names(moves) => match moves.main() {
                main if main.is_removed() => main.from,
                main => main.to,
            },
        }
    }
}

impl Library {
    /// Brings a change to an end that a process did not live to see, by looking at the disk. An error if that cannot be looked at or
    /// moved now: then it is as it was, and can be concluded again.
    pub fn conclude(&self, change: &Change) -> io::Result<Verdict> {
        match change {
            Change::Output(placement) => self.judge(placement),
            Change::Names(moves) => self.settle(moves),
        }
    }

    /// What lies where of a change that could not be brought to its end, in words.
    pub fn lying(&self, change: &Change) -> String {
        match change {
            Change::Output(placement) => self.whereabouts(placement),
            Change::Names(moves) => self.lying_of(moves),
        }
    }
}
