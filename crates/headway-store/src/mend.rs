//! What is tried for a job with rows that cannot be read.

use std::collections::BTreeMap;

use crate::StoreError;

/// What is done to a job with a row that cannot be read. `N` is what a store finds it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend<N> {
    /// Its rows are made again.
    Rows(N),
    /// It is set aside, because its new rows cannot be read either.
    Aside(N),
}

impl<N: Ord + Copy> Mend<N> {
    /// What is next for the job with this number, given how often each job was mended; `None` if nothing has helped.
    pub fn next(mended: &mut BTreeMap<N, u32>, job_no: N) -> Option<Self> {
        let times = mended.entry(job_no).or_default();
        *times += 1;
        match *times {
            1 => Some(Mend::Rows(job_no)),
            2 => Some(Mend::Aside(job_no)),
            _ => None,
        }
    }
}

/// Why the rows of a job are not made again.
#[derive(Debug)]
pub enum NotReplayed {
    /// Its events cannot be read, or make no sense: another try does not mend that.
    Unreadable(String),
    /// The log has no event of a job with this number.
    NoJob,
    /// The store failed, for example because the disk is full or the connection broke. That says nothing about the events.
    Store(StoreError),
}

impl From<StoreError> for NotReplayed {
    fn from(error: StoreError) -> Self {
        NotReplayed::Store(error)
    }
}
