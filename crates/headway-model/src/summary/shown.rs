//! Lists of jobs for pages, and what can be done to all jobs of a list.

use serde::{Deserialize, Serialize};

use super::JobPage;
use crate::id::JobId;
use crate::read::FromJson;

/// A page of jobs with what only people look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJson)]
pub struct ShownJobs {
    /// The page.
    pub page: JobPage,
    /// For each of its jobs, in the same order: the bytes of the files that it has processed. `None` for a job that is not over or has
    /// processed none, and where that is not known.
    pub bytes: Vec<Option<u64>>,
}

/// Some jobs, and files of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
pub struct JobsWithFiles {
    /// The jobs.
    pub jobs: Vec<JobId>,
    /// How many files.
    pub files: u64,
    /// Their bytes; 0 where they do not matter.
    pub bytes: u64,
}

/// Of the jobs that a list shows, those that are over and to which something can be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
pub struct OverJobs {
    /// Those with files that failed or were missed, and that no later job has tried.
    pub retry: JobsWithFiles,
    /// Those with something in their trash.
    pub trash: JobsWithFiles,
    /// Of how many folders it cannot be determined now what their trashes hold.
    pub unknown: u64,
}
