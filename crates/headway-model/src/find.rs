//! Which jobs a list shows.

use serde::{Deserialize, Serialize};

use super::serde_defaults::is_default;
use super::status::JobStatus;
use super::summary::JobSummary;
use crate::read::FromJson;

/// A filter on the jobs in a list, by their status or by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobShow {
    /// All jobs.
    #[default]
    All,
    /// Jobs that are not over.
    Open,
    /// Jobs that ended without a failure.
    Good,
    /// Jobs that ended with failures, or failed.
    Failures,
    /// Jobs that a person cancelled.
    Cancelled,
    /// Jobs that another job took back, as a whole or in part.
    Undone,
}

/// The order of a list of jobs. Of two jobs that compare equal, the newer one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobSort {
    /// The newest first.
    #[default]
    Newest,
    /// The longest time at work first.
    Took,
    /// The most files first.
    Files,
    /// The most files that failed or were missed first.
    Failed,
}

impl JobSort {
    /// Every order, with its word in addresses.
    pub const ALL: [(JobSort, &str); 4] =
        [(JobSort::Newest, "newest"), (JobSort::Took, "took"), (JobSort::Files, "files"), (JobSort::Failed, "failed")];

    /// The order with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        JobSort::ALL.into_iter().find(|(_, known)| *known == word).map(|(sort, _)| sort)
    }

    /// Its word in addresses.
    pub fn word(self) -> &'static str {
        JobSort::ALL.into_iter().find(|(sort, _)| *sort == self).map_or("newest", |(_, word)| word)
    }

    /// The value that jobs are compared by, in descending order.
    pub fn key(self, job: &JobSummary) -> u64 {
        match self {
            JobSort::Newest => 0,
            JobSort::Took => job.ended.zip(job.began).map_or(0, |(ended, began)| ended.saturating_sub(began)),
            JobSort::Files => job.counters.files().into(),
            JobSort::Failed => u64::from(job.counters.failed) + u64::from(job.counters.missed),
        }
    }
}

/// Which jobs a list shows, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FindJobs {
    /// A part of the title or of the recipe's name, whatever the case; empty for any.
    pub search: String,
    /// Which statuses.
    pub show: JobShow,
    /// Their order.
    #[serde(skip_serializing_if = "is_default")]
    pub sort: JobSort,
}

impl JobShow {
    /// Every choice, with its word in addresses.
    pub const ALL: [(JobShow, &str); 6] = [
        (JobShow::All, "all"),
        (JobShow::Open, "open"),
        (JobShow::Failures, "failures"),
        (JobShow::Good, "good"),
        (JobShow::Cancelled, "cancelled"),
        (JobShow::Undone, "undone"),
    ];

    /// The choice with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        JobShow::ALL.into_iter().find(|(_, known)| *known == word).map(|(show, _)| show)
    }

    /// Its word in addresses.
    pub fn word(self) -> &'static str {
        JobShow::ALL.into_iter().find(|(show, _)| *show == self).map_or("all", |(_, word)| word)
    }

    fn is_of(self, status: JobStatus) -> bool {
        match self {
            JobShow::All => true,
            JobShow::Open => !status.is_terminal(),
            JobShow::Good => status == JobStatus::Completed,
            JobShow::Failures => matches!(status, JobStatus::CompletedWithErrors | JobStatus::Failed { .. }),
            JobShow::Cancelled => status == JobStatus::Cancelled,
            // What can be undone is over, and the status does not say whether it was.
            JobShow::Undone => status.is_terminal(),
        }
    }
}

impl FindJobs {
    /// Whether the list shows every job, in whatever order.
    pub fn is_all(&self) -> bool {
        self.search.trim().is_empty() && self.show == JobShow::All
    }

    /// Whether the list shows this job. How far it was undone is what its summary says.
    pub fn has(&self, job: &JobSummary) -> bool {
        let wanted = self.search.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let is_of = self.show.is_of(job.status) && (self.show != JobShow::Undone || job.undone_as.is_some());
        is_of && (wanted.is_empty() || has(&job.title) || has(&job.recipe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{created, job_id, record};

    #[test]
    fn every_status_is_in_all_and_in_one_other_choice() {
        let reason = crate::EndReason::Halt;
        for status in [
            JobStatus::Planning,
            JobStatus::Planned,
            JobStatus::Queued,
            JobStatus::Processing,
            JobStatus::Paused { reason: crate::PauseReason::User },
            JobStatus::Cancelling,
            JobStatus::Finishing,
            JobStatus::Completed,
            JobStatus::CompletedWithErrors,
            JobStatus::Failed { reason },
            JobStatus::Cancelled,
        ] {
            let by_status = JobShow::ALL.into_iter().filter(|(show, _)| *show != JobShow::Undone);
            let of: Vec<_> = by_status.filter(|(show, _)| show.is_of(status)).collect();
            assert_eq!((of.len(), of[0].0), (2, JobShow::All), "{status:?}: {of:?}");
        }
        for (show, word) in JobShow::ALL {
            assert_eq!((JobShow::from_word(word), show.word()), (Some(show), word));
        }
    }

    #[test]
    fn only_jobs_that_were_undone_are_listed_as_undone() {
        let mut job = JobSummary::from(&record(&[created(job_id(1))]).1);
        let find = FindJobs { show: JobShow::Undone, ..FindJobs::default() };
        job.status = JobStatus::Completed;
        assert!(!find.has(&job));
        job.undone_as = Some("partly undone".into());
        assert!(find.has(&job) && FindJobs::default().has(&job));
    }

    #[test]
    fn a_search_finds_titles_and_recipes_whatever_the_case() {
        let job = JobSummary::from(&record(&[created(job_id(1))]).1);
        let find = |search: &str| FindJobs { search: search.into(), ..FindJobs::default() }.has(&job);
        assert!(find("") && find("  PHOTOS ") && find("checksum"));
        assert!(!find("gzip"));
    }
}
