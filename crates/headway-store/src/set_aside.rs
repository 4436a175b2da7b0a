//! A job that is set aside.

use std::fmt;

use crate::StoreError;
use headway_model::id::JobId;

/// A job whose events cannot be read, so that it has no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The store's number for the job.
    pub job_no: u64,
    /// The job, if its id is known.
    pub job: Option<JobId>,
    /// Why its events cannot be read.
    pub why: String,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SetAside { job_no, job, why } = self;
        match job {
            Some(job) => write!(f, "job {job} is set aside, because its log cannot be read: {why}"),
            None => write!(f, "job number {job_no} is set aside, because its log cannot be read: {why}"),
        }
    }
}

impl SetAside {
    /// What it is, why, and what to do, as a text for people.
    pub fn advice(&self) -> String {
        format!("{self}; `headway doctor` says what can be done")
    }
}

/// The error for a caller that asks for such a job.
impl From<SetAside> for StoreError {
    fn from(aside: SetAside) -> Self {
        StoreError { aside: true, ..StoreError::new(aside.advice()) }
    }
}
