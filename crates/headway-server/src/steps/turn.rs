//! Suspects go one at a time, so that the next crash has one culprit.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How often a step that waits for its turn asks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// The turn, which one step has at a time.
#[derive(Default)]
pub(super) struct Turn {
    state: Mutex<TurnState>,
    is_free: Condvar,
}

#[derive(Default)]
struct TurnState {
    holder: Option<Ticket>,
    given: u64,
}

/// Who has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Turn {
    /// Waits until it is free, or until `give_up` says so, which is `None`.
    pub(super) fn take(&self, give_up: impl Fn() -> bool) -> Option<Ticket> {
        let mut state = self.state.lock();
        while state.holder.is_some() {
            if give_up() {
                return None;
            }
            self.is_free.wait_for(&mut state, LOOK);
        }
        state.given += 1;
        state.holder = Some(Ticket(state.given));
        state.holder
    }

    /// Its holder is done with it. Said twice, the second time changes nothing.
    pub(super) fn give_back(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        if state.holder.take_if(|holder| *holder == ticket).is_some() {
            self.is_free.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_given_back_once_by_whoever_has_it() {
        let turn = Turn::default();
        let first = turn.take(|| false).expect("it is free");
        turn.give_back(first);
        let next = turn.take(|| true).expect("it is free again");
        turn.give_back(first);
        assert_eq!(turn.take(|| true), None, "another has it");
        turn.give_back(next);
        assert!(turn.take(|| true).is_some());
    }
}
