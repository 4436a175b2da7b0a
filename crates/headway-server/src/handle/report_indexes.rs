//! Where the lines of reports begin, of the few reports that were read last. A page that scrolls through the rows of a job reads
//! some lines for each window, and the whole report once.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use headway_model::JobId;
use headway_recipes::NotesIndex;

/// At most this many are kept.
const KEPT: usize = 4;

/// The indexes, the one that was used last first.
#[derive(Default)]
pub(super) struct ReportIndexes(Mutex<VecDeque<(JobId, Arc<NotesIndex>)>>);

impl ReportIndexes {
    /// The index of the report of a job that is over, whose report does not change any more. It is made if it is not kept.
    pub(super) fn of(&self, job: JobId, make: impl FnOnce() -> io::Result<NotesIndex>) -> io::Result<Arc<NotesIndex>> {
        if let Some(kept) = self.take(job) {
            self.keep(job, &kept);
            return Ok(kept);
        }
        let made = Arc::new(make()?);
        self.keep(job, &made);
        Ok(made)
    }

    fn take(&self, job: JobId) -> Option<Arc<NotesIndex>> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|(of, _)| *of == job)?;
        kept.remove(at).map(|(_, index)| index)
    }

    fn keep(&self, job: JobId, index: &Arc<NotesIndex>) {
        let mut kept = self.0.lock();
        kept.retain(|(of, _)| *of != job);
        kept.push_front((job, Arc::clone(index)));
        kept.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_indexed_once_as_long_as_few_others_are_read() {
        let indexes = ReportIndexes::default();
        let job = |number: u64| JobId::mint(number, [1; 10]);
        let mut made = Vec::new();
        for number in [1, 1, 2, 3, 4, 1, 5, 1, 2] {
            let make = || {
                made.push(number);
                Ok(NotesIndex::default())
            };
            indexes.of(job(number), make).expect("an index");
        }
        assert_eq!(made, [1, 2, 3, 4, 5, 2], "the one that was not used for longest is gone");
        let fails = indexes.of(job(6), || Err(io::Error::other("damaged")));
        assert!(fails.is_err(), "what cannot be read is not kept");
        indexes.of(job(6), || Ok(NotesIndex::default())).expect("it is tried again");
    }
}
