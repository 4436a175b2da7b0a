//! What has arrived from the server and from other tabs, until it is taken in. A handler only stores it: if each message were
//! folded when it arrives, a busy job would leave the browser no time for keys and frames.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::Shell;
use crate::live::browser::{self, StreamMessage};

/// For how long arrivals are taken in at a time, in milliseconds. A frame lasts 16.
const SLICE_MS: f64 = 8.0;

/// The most arrivals that wait. Beyond them, a handler takes in the oldest, so that the browser reads the stream no faster than the
/// page folds it, and the server notices.
const ARRIVALS_LIMIT: usize = 2_000;

/// Something that has arrived.
pub(super) enum Arrival {
    /// A message of the source with this generation.
    Message { generation: u64, message: StreamMessage },
    /// The source with this generation broke; `closed` if the browser has given it up.
    Broke { generation: u64, closed: bool },
    /// A text of another tab.
    Told(String),
}

/// Arrivals in their order.
#[derive(Default)]
pub(super) struct Arrivals(RefCell<VecDeque<Arrival>>);

impl Shell {
    /// Stores an arrival for the next frame. A hidden page has no frames, so it takes everything in at once.
    pub(super) fn arrives(&self, arrival: Arrival) {
        let waiting = {
            let mut arrivals = self.0.arrivals.0.borrow_mut();
            arrivals.push_back(arrival);
            arrivals.len()
        };
        if browser::is_hidden() {
            return self.take_in_all();
        }
        if waiting > ARRIVALS_LIMIT {
            self.take_in_next();
        }
        self.ask_frame();
    }

    /// Takes in arrivals until none is left or the time for them is over; returns whether none is left.
    pub(super) fn take_in(&self) -> bool {
        let end = browser::now() + SLICE_MS;
        while self.take_in_next() {
            if browser::now() >= end {
                return self.0.arrivals.0.borrow().is_empty();
            }
        }
        true
    }

    /// Takes in everything that has arrived.
    pub(super) fn take_in_all(&self) {
        while self.take_in_next() {}
    }

    /// Takes in the oldest arrival; returns whether there was one.
    fn take_in_next(&self) -> bool {
        let Some(arrival) = self.0.arrivals.0.borrow_mut().pop_front() else { return false };
        self.with_tab(|tab, now| match arrival {
            Arrival::Message { generation, message } => tab.message(now, generation, &message.text(), &message.id()),
            Arrival::Broke { generation, closed } => tab.error(now, generation, closed),
            Arrival::Told(text) => tab.channel(now, &text),
        });
        true
    }
}
