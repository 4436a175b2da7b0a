//! Progress of a long read of the log, or of a look into many folders: one line on a terminal, nothing elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, Write};

use headway_model::id::Position;

/// The progress line; it ends when this is dropped.
pub(super) struct ProgressLine {
    /// What follows the count.
    of: String,
    /// The line is written again when the count has grown by so much.
    step: u64,
    terminal: bool,
    is_begun: Cell<bool>,
}

impl ProgressLine {
    /// Starts the progress of reading a log with this many events.
    pub(super) fn up_to(head: Position) -> Self {
        ProgressLine::new(format!("of {head} events"), 1)
    }

    /// Starts the progress of looking into the folders of this library.
    pub(super) fn through_folders(library: &str) -> Self {
        ProgressLine::new(format!("folders of {library}"), 100)
    }

    fn new(of: String, step: u64) -> Self {
        ProgressLine { of, step, terminal: std::io::stderr().is_terminal(), is_begun: Cell::new(false) }
    }

    /// Reports the count reached.
    pub(super) fn report(&self, count: u64) {
        if self.terminal && count.is_multiple_of(self.step) {
            self.is_begun.set(true);
            // It is not a failure if standard error is closed.
            drop(write!(std::io::stderr(), "\r{}", self.line(count)));
        }
    }

    fn line(&self, count: u64) -> String {
        format!("{count} {}", self.of)
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_begun.get() {
            drop(writeln!(std::io::stderr()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_of_what() {
        assert_eq!(ProgressLine::up_to(9).line(3), "3 of 9 events");
        assert_eq!(ProgressLine::through_folders("photos").line(200), "200 folders of photos");
    }
}
