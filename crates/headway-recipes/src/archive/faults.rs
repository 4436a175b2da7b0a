//! What is wrong with an archive: the first few faults in words, and how many there are.

use std::fmt::Write as _;

/// At most this many faults are described.
const TOLD: usize = 3;

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct ArchiveFaults {
    count: u64,
    told: Vec<String>,
}

impl ArchiveFaults {
    /// Adds a fault.
    pub(super) fn add(&mut self, fault: String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(fault);
        }
    }

    /// A sentence about all of them; `None` if there are none.
    pub(super) fn sentence(&self) -> Option<String> {
        let mut text = self.told.join("; ");
        let rest = self.count - self.told.len() as u64;
        if rest > 0 {
            let _ = write!(text, "; and {rest} more");
        }
        (self.count > 0).then_some(text)
    }
}
