//! Lets suspected steps run one at a time, so that the next crash has only one culprit.

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

/// Proof of holding the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Turn {
    /// Waits for the turn; `None` if `give_up` returns `true` before it is free.
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

    /// Gives the turn back. Doing so again changes nothing.
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
