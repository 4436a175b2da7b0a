//! Lets suspected steps run one at a time, and each of them alone for a while, so that the next crash has only one
//! culprit. Steps of others wait meanwhile, but not for long.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::Subject;

/// How often a step that waits asks whether it is still wanted.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// The turn, which one step has at a time.
#[derive(Default)]
pub(super) struct Turn {
    state: Mutex<TurnState>,
    is_free: Condvar,
}

#[derive(Default)]
struct TurnState {
    holder: Option<TurnHolder>,
    given: u64,
}

/// The step that has the turn.
struct TurnHolder {
    ticket: Ticket,
    of: Subject,
    alone: Exclusivity,
}

/// Whether the step that has the turn runs without any step of others.
#[derive(Clone, Copy)]
enum Exclusivity {
    No,
    /// It waits until this time for the others to end.
    Wanted(Instant),
    /// It is the only one, and the others wait until this time. Its note says so, in this slot.
    Yes(Instant, usize),
}

/// Proof of holding the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Turn {
    /// Waits for the turn; `None` if `give_up` returns `true` before it is free. The others wait for this time until who
    /// has it is alone.
    pub(super) fn take(&self, of: Subject, patience: Duration, give_up: impl Fn() -> bool) -> Option<Ticket> {
        let mut state = self.state.lock();
        while state.holder.is_some() {
            if give_up() {
                return None;
            }
            self.is_free.wait_for(&mut state, LOOK);
        }
        state.given += 1;
        let ticket = Ticket(state.given);
        state.holder = Some(TurnHolder { ticket, of, alone: Exclusivity::Wanted(Instant::now() + patience) });
        Some(ticket)
    }

    /// Gives the turn back. Doing so again changes nothing.
    pub(super) fn give_back(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        if state.holder.take_if(|holder| holder.ticket == ticket).is_some() {
            self.is_free.notify_all();
        }
    }

    /// Makes the step that has this turn the only one, if `mark` finds no other: others wait for this time from now on.
    pub(super) fn be_alone(&self, ticket: Ticket, slot: usize, time: Duration, mark: impl FnOnce() -> bool) -> bool {
        let mut state = self.state.lock();
        let Some(holder) = state.holder.as_mut().filter(|holder| holder.ticket == ticket) else { return false };
        let is_alone = mark();
        if is_alone {
            holder.alone = Exclusivity::Yes(Instant::now() + time, slot);
        }
        is_alone
    }

    /// Lets the others join the step that has this turn.
    pub(super) fn share(&self, ticket: Ticket) {
        if let Some(holder) = self.state.lock().holder.as_mut().filter(|holder| holder.ticket == ticket) {
            holder.alone = Exclusivity::No;
            self.is_free.notify_all();
        }
    }

    /// Waits while a step of another is alone, or wants to be.
    pub(super) fn wait_to_join(&self, of: Subject, give_up: impl Fn() -> bool) {
        let mut state = self.state.lock();
        while let Some(Exclusivity::Wanted(until) | Exclusivity::Yes(until, _)) = alone_of_another(&state, of)
            && Instant::now() < until
            && !give_up()
        {
            self.is_free.wait_for(&mut state, LOOK);
        }
    }

    /// A step has begun beside the one that has the turn: that one is no longer alone. Calls `unmark` with its slot.
    pub(super) fn joined(&self, of: Subject, unmark: impl FnOnce(usize)) {
        let mut state = self.state.lock();
        if let Some(Exclusivity::Yes(_, slot)) = alone_of_another(&state, of) {
            unmark(slot);
            state.holder.iter_mut().for_each(|holder| holder.alone = Exclusivity::No);
            self.is_free.notify_all();
        }
    }
}

fn alone_of_another(state: &TurnState, of: Subject) -> Option<Exclusivity> {
    state.holder.as_ref().filter(|holder| holder.of != of).map(|holder| holder.alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_given_back_once_by_its_holder() {
        let turn = Turn::default();
        let first = turn.take(Subject::Data, LOOK, || false).expect("it is free");
        turn.give_back(first);
        let next = turn.take(Subject::Data, LOOK, || true).expect("it is free again");
        turn.give_back(first);
        assert_eq!(turn.take(Subject::Data, LOOK, || true), None, "another has it");
        turn.give_back(next);
        assert!(turn.take(Subject::Data, LOOK, || true).is_some());
    }
}
