//! What an attempt records before it changes the disk: an output to be placed, or files to be renamed.

use std::io;

use super::{Moved, Moves};
use crate::library::{Library, Placement, Verdict};
use headway_model::{JobEvent, RelPath};

/// A change on the disk. It is durable in the log before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An output is placed.
    Output(Placement),
    /// Files are renamed.
    Names(Moves),
}

impl Change {
    /// The change that an event announces, with its item and attempt; `None` for an event that announces none.
    pub fn of(event: &JobEvent) -> Option<(u32, u32, Change)> {
        let (item, attempt) = event.item()?;
        // The event itself selects the reader, so a third event that announces a change is not taken for an output.
        let change = match (Placement::of(event), Moves::of(event)) {
            (Some(placement), _) => Change::Output(placement),
            (None, moves) => Change::Names(moves?),
        };
        Some((item, attempt?, change))
    }

    /// The temporary file of an output. Until the change is concluded, this file might be the original.
    pub fn temp(&self) -> Option<RelPath> {
        match self {
            Change::Output(placement) => Some(placement.temp.clone()),
            Change::Names(moves) => moves.files().into_iter().find(Moved::is_output).map(|output| output.from),
        }
    }

    /// The path of the item's file after the change; its old path if the file goes to the trash.
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
    /// Completes a change that a process began before it died, or takes it back, by looking at the disk. An error
    /// means that something cannot be looked at or moved now: the change can be concluded again later.
    pub fn conclude(&self, change: &Change) -> io::Result<Verdict> {
        match change {
            Change::Output(placement) => self.judge(placement),
            Change::Names(moves) => self.settle(moves),
        }
    }

    /// Describes what is at each name of a change that could not be concluded.
    pub fn lying(&self, change: &Change) -> String {
        match change {
            Change::Output(placement) => self.whereabouts(placement),
            Change::Names(moves) => self.lying_of(moves),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::{created, every_event, job_id, record};

    #[test]
    fn an_event_is_read_as_a_change_exactly_if_its_kind_announces_one() {
        let (_, fold) = record(&[created(job_id(1))]);
        for event in every_event(&fold) {
            assert_eq!(Change::of(&event).is_some(), event.kind().announces_change(), "{event:?}");
        }
    }
}
