//! Whether a file or the storage is to blame for input/output errors.

use super::WorkOutcome;
use super::job::Job;
use headway_model::FailReason;

/// When this many files in a row fail with an input/output error, the storage is at fault, not a file.
const UNREADABLE_IN_A_ROW: usize = 5;

/// Whether the storage, not a file, is to blame for an input/output error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageBlame {
    /// The file is.
    No,
    /// The storage is, as of this file.
    Begins,
    /// The storage is, as before. The job's pause is already requested.
    Lasts,
}

impl Job {
    /// Notes how an attempt ended, and returns whether the storage fails for so many files in a row that no file is to
    /// blame.
    pub(super) fn blames_storage(&mut self, item: u32, outcome: &WorkOutcome) -> StorageBlame {
        match outcome {
            WorkOutcome::Storage(reason, _) => {
                // The job went on because a file could be read again, which says nothing about a change.
                let is_as_before = self.is_on_trial && *reason == FailReason::Write;
                let limit = if is_as_before { 1 } else { UNREADABLE_IN_A_ROW };
                let is_new = self.unreadable.insert(item);
                match self.unreadable.len() {
                    count if count == limit && is_new => StorageBlame::Begins,
                    count if count >= limit => StorageBlame::Lasts,
                    _ => StorageBlame::No,
                }
            }
            WorkOutcome::Succeeded(..) => {
                self.is_on_trial = false;
                self.unreadable.clear();
                StorageBlame::No
            }
            WorkOutcome::Skipped(_) | WorkOutcome::Failed(..) | WorkOutcome::Differs(..) => {
                self.unreadable.clear();
                StorageBlame::No
            }
            _ => StorageBlame::No,
        }
    }
}
