//! Progress of a long read of the log: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal, Write};

use headway_model::id::Position;

/// The progress line; it ends when this is dropped.
pub(super) struct ProgressLine {
    head: Position,
    terminal: bool,
}

impl ProgressLine {
    /// Starts the progress of reading a log with this many events.
    pub(super) fn up_to(head: Position) -> Self {
        ProgressLine { head, terminal: std::io::stderr().is_terminal() }
    }

    /// Reports the position reached.
    pub(super) fn report(&self, position: Position) {
        if self.terminal {
            // It is not a failure if standard error is closed.
            drop(write!(std::io::stderr(), "\r{position} of {} events", self.head));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.terminal {
            drop(writeln!(std::io::stderr()));
        }
    }
}
