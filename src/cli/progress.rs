//! Progress of a long read of the log: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal, Write};

use headway_model::id::Position;

/// The progress line; it ends when this is dropped.
pub(super) struct Progress {
    head: Position,
    terminal: bool,
}

impl Progress {
    /// Starts the progress of reading a log with this many events.
    pub(super) fn up_to(head: Position) -> Self {
        Progress { head, terminal: std::io::stderr().is_terminal() }
    }

    /// Reports the position reached.
    pub(super) fn tell(&self, position: Position) {
        if self.terminal {
            // Whoever closed that does not want to know.
            drop(write!(std::io::stderr(), "\r{position} of {} events", self.head));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            drop(writeln!(std::io::stderr()));
        }
    }
}
