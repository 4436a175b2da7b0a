//! What has arrived from the server and from other tabs, until it is taken in. A handler only stores it: if each message were
//! folded when it arrives, a busy job would leave the browser no time for keys and frames.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use leptos::prelude::set_timeout;

use super::Shell;
use crate::live::browser::{self, StreamMessage};

/// For how long arrivals are taken in at a time, in milliseconds. A frame lasts 16.
const SLICE_MS: f64 = 8.0;

/// How much the arrivals that wait can hold, in bytes. Beyond it, a handler takes in the oldest, so that the browser reads the stream no
/// faster than the page folds it, and the server notices.
const WAITING_LIMIT: usize = 32 << 20;

/// Something that has arrived.
pub(super) enum Arrival {
    /// A message of the source with this generation.
    Message { generation: u64, message: StreamMessage },
    /// The source with this generation broke; `closed` if the browser has given it up.
    Broke { generation: u64, closed: bool },
    /// A text of another tab.
    Told(String),
}

impl Arrival {
    /// How much memory it takes, about, in bytes.
    fn bytes(&self) -> usize {
        match self {
            Arrival::Message { message, .. } => message.length(),
            Arrival::Broke { .. } => 0,
            Arrival::Told(text) => text.len(),
        }
    }
}

/// Arrivals in their order.
#[derive(Default)]
pub(super) struct Arrivals {
    waiting: RefCell<VecDeque<Arrival>>,
    /// What they hold together, in bytes.
    bytes: Cell<usize>,
    /// Whether a task will take some in.
    asked: Cell<bool>,
}

impl Arrivals {
    fn push(&self, arrival: Arrival) {
        self.bytes.set(self.bytes.get() + arrival.bytes());
        self.waiting.borrow_mut().push_back(arrival);
    }

    fn pop(&self) -> Option<Arrival> {
        let arrival = self.waiting.borrow_mut().pop_front()?;
        self.bytes.set(self.bytes.get() - arrival.bytes());
        Some(arrival)
    }

    fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }
}

impl Shell {
    /// Stores an arrival for the next slice. The timers of a hidden page are rare, so it takes everything in at once.
    pub(super) fn arrives(&self, arrival: Arrival) {
        let arrivals = &self.0.arrivals;
        arrivals.push(arrival);
        if browser::is_hidden() {
            return self.take_in_all();
        }
        if arrivals.bytes.get() > WAITING_LIMIT {
            self.take_in_next();
        }
        self.ask_slice();
    }

    /// Takes in a slice in a task of its own, and so on until nothing is left. Between two tasks the browser handles keys and draws
    /// frames, however long these take: a slice for each frame would leave most of the time unused where frames are slow.
    fn ask_slice(&self) {
        if self.0.arrivals.asked.replace(true) {
            return;
        }
        let shell = self.clone();
        let slice = move || {
            shell.0.arrivals.asked.set(false);
            shell.take_in();
            if !shell.0.arrivals.is_empty() {
                shell.ask_slice();
            }
        };
        set_timeout(slice, Duration::ZERO);
    }

    /// Takes in arrivals until none is left or the time for them is over.
    pub(super) fn take_in(&self) {
        let end = browser::now() + SLICE_MS;
        while self.take_in_next() && browser::now() < end {}
    }

    /// Takes in everything that has arrived.
    pub(super) fn take_in_all(&self) {
        while self.take_in_next() {}
    }

    /// Takes in the oldest arrival; returns whether there was one.
    fn take_in_next(&self) -> bool {
        let Some(arrival) = self.0.arrivals.pop() else { return false };
        self.with_tab(|tab, now| match arrival {
            Arrival::Message { generation, message } => tab.message(now, generation, &message.text(), &message.id()),
            Arrival::Broke { generation, closed } => tab.error(now, generation, closed),
            Arrival::Told(text) => tab.channel(now, &text),
        });
        true
    }
}
