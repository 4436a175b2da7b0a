//! How far a long reading of the log is: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal, Write};

use headway_model::id::Position;

/// The line; it ends when this is dropped.
pub(super) struct Progress {
    head: Position,
    terminal: bool,
}

impl Progress {
    /// Of a log of so many events.
    pub(super) fn up_to(head: Position) -> Self {
        Progress { head, terminal: std::io::stderr().is_terminal() }
    }

    /// So many are read.
    pub(super) fn tell(&self, position: Position) {
        if self.terminal {
            eprint!("\r{position} of {} events", self.head);
            std::io::stderr().flush().ok();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            eprintln!();
        }
    }
}
