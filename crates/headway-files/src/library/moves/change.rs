//! What an attempt records before it changes the disk: an output to be placed, or files to be renamed.

use std::io;

use super::{Moved, Moves};
use crate::library::{Library, Placement, PlacementState, Prediction};
use headway_model::{JobEvent, RelPath};

/// An event announces a change that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the change that it announces for item {item} cannot be read: {reason}")]
pub struct BadChange {
    /// The item.
    pub item: u32,
    /// What is wrong with the change.
    pub reason: String,
}

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
    ///
    /// # Errors
    /// If the event announces a change that cannot be read. That is not an event without a change.
    pub fn of(event: &JobEvent) -> Result<Option<(u32, u32, Change)>, BadChange> {
        let Some((item, attempt)) = event.item() else { return Ok(None) };
        let bad = |reason: String| BadChange { item, reason };
        // The event itself selects the reader, so a third event that announces a change is not taken for an output.
        let change = match (Placement::of(event), Moves::of(event)) {
            (None, None) => return Ok(None),
            (Some(placement), _) => Change::Output(placement.map_err(|error| bad(error.to_string()))?),
            (None, Some(moves)) => Change::Names(moves.map_err(|error| bad(error.to_string()))?),
        };
        let attempt = attempt.ok_or_else(|| bad("it names no attempt".into()))?;
        Ok(Some((item, attempt, change)))
    }

    /// The temporary file of an output. Until the change is recovered, this file might be the original.
    pub fn temp(&self) -> Option<RelPath> {
        match self {
            Change::Output(placement) => Some(placement.temp.clone()),
            Change::Names(moves) => moves.files().into_iter().find(Moved::is_output).map(|output| output.from),
        }
    }

    /// Every name that the change gives or takes.
    pub fn touched(&self) -> Vec<RelPath> {
        match self {
            Change::Output(Placement { temp, target, trash, .. }) => {
                [temp, target].into_iter().chain(trash).cloned().collect()
            }
            Change::Names(moves) => moves.steps().iter().flat_map(|step| [&step.from, &step.to]).cloned().collect(),
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
    /// means that something cannot be looked at or moved now: the change can be recovered again later.
    pub fn recover(&self, change: &Change) -> io::Result<PlacementState> {
        match change {
            Change::Output(placement) => self.recover_placement(placement),
            Change::Names(moves) => self.recover_moves(moves),
        }
    }

    /// How recovering a change would end, and where the file is that would then have the name `path`. Looks at the disk
    /// as [`Library::recover`] does, and touches nothing, so it cannot predict that a move fails.
    pub fn predict(&self, change: &Change, path: &RelPath) -> io::Result<Prediction> {
        match change {
            Change::Output(placement) => self.predict_placement(placement, path),
            Change::Names(moves) => self.predict_moves(moves, path),
        }
    }

    /// Describes what is at each name of a change that could not be recovered.
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
    use headway_model::Digest;
    use headway_model::testing::{created, every_event, job_id, record};

    #[test]
    fn an_event_is_read_as_a_change_exactly_if_its_kind_announces_one() {
        let (_, fold) = record(&[created(job_id(1))]);
        for event in every_event(&fold) {
            let read = Change::of(&event).map(|change| change.is_some());
            assert_eq!(read, Ok(event.kind().announces_change()), "{event:?}");
        }
    }

    #[test]
    fn an_unreadable_change_is_an_error() {
        let new = Digest([1; 16]);
        let placing = |target: &str, trash: Option<&str>| JobEvent::Placing {
            item: 3,
            attempt: 1,
            temp: "a".into(),
            target: target.into(),
            trash: trash.map(Into::into),
            old: None,
            new,
        };
        assert!(Change::of(&placing("b", Some("c"))).is_ok_and(|change| change.is_some()));
        let changing = JobEvent::Changing { item: 3, attempt: 1, moves: Vec::new(), folders: Vec::new() };
        for event in [placing("/b", None), placing("b", Some("../c")), changing] {
            assert_eq!(Change::of(&event).map_err(|bad| bad.item), Err(3), "{event:?}");
        }
    }
}
