//! Decides what to remove of terminal jobs: by age, by number, by size. Pure: facts about the jobs in, removals out.

use std::time::Duration;

use headway_model::id::JobId;

/// How long terminal jobs keep their history. Without any limit they keep it forever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// The longest time after their end.
    pub age: Option<Duration>,
    /// The most jobs.
    pub jobs: Option<usize>,
    /// The most bytes in the data folder. The output of attempts goes first.
    pub bytes: Option<u64>,
    /// The longest time after a job's end to keep the output of its attempts.
    pub attempts: Option<Duration>,
}

/// A terminal job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedJob {
    /// The job.
    pub job: JobId,
    /// How long ago it ended.
    pub age: Duration,
    /// Bytes of its attempts' output.
    pub attempts: u64,
    /// Whether it must stay: its trash holds originals or cannot be read, or another job uses its items.
    pub held: bool,
}

/// What to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The output of a job's attempts.
    Attempts(JobId),
    /// A job's history, with the output of its attempts.
    History(JobId),
}

impl Retention {
    /// The default. It is generous, so that nobody loses what they still need, and it is limited, so that nobody has
    /// to look after it. History is kept for a year, so that a job can be compared with last year's, and up to 20 GB,
    /// which is about 30 million files at 620 bytes each. The output of programs is kept only as long as somebody is
    /// likely to look for the reason of a failure.
    pub fn generous() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Retention { age: Some(365 * DAY), jobs: None, bytes: Some(20_000_000_000), attempts: Some(90 * DAY) }
    }

    /// Whether anything is ever removed.
    pub fn is_forever(&self) -> bool {
        *self == Retention::default()
    }

    /// What to remove now, given the terminal jobs in the order of their numbers and the size of the data folder. How many bytes a
    /// history frees is unknown beforehand, so at most one is removed at a time to save space.
    pub fn due(&self, past: &[FinishedJob], bytes: u64) -> Vec<Removal> {
        let old = |age: Option<Duration>, job: &FinishedJob| age.is_some_and(|age| job.age >= age);
        let mut removals = Vec::new();
        let mut kept = Vec::new();
        let mut many = self.jobs.map_or(0, |most| past.len().saturating_sub(most));
        for job in past {
            if !job.held && (many > 0 || old(self.age, job)) {
                many = many.saturating_sub(1);
                removals.push(Removal::History(job.job));
            } else {
                if job.attempts > 0 && old(self.attempts, job) {
                    removals.push(Removal::Attempts(job.job));
                }
                kept.push(job);
            }
        }
        let Some(mut over) = self.bytes.and_then(|most| bytes.checked_sub(most)).filter(|over| *over > 0) else {
            return removals;
        };
        if !removals.is_empty() {
            // These free some space; the next round checks again.
            return removals;
        }
        for job in kept.iter().filter(|job| job.attempts > 0) {
            removals.push(Removal::Attempts(job.job));
            over = over.saturating_sub(job.attempts);
            if over == 0 {
                return removals;
            }
        }
        if removals.is_empty() {
            removals.extend(kept.iter().find(|job| !job.held).map(|job| Removal::History(job.job)));
        }
        removals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::job_id;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn past(days: &[u32], attempts: u64) -> Vec<FinishedJob> {
        let job =
            |(number, days): (u8, &u32)| FinishedJob { job: job_id(number), age: *days * DAY, attempts, held: false };
        (0..).zip(days).map(job).collect()
    }

    fn histories(removals: &[Removal]) -> Vec<JobId> {
        removals
            .iter()
            .filter_map(|removal| if let Removal::History(job) = removal { Some(*job) } else { None })
            .collect()
    }

    #[test]
    fn history_is_removed_by_age_and_by_number_but_never_if_it_is_needed() {
        let mut jobs = past(&[4, 3, 2, 1], 0);
        let by_age = Retention { age: Some(3 * DAY), ..Retention::default() };
        assert_eq!(histories(&by_age.due(&jobs, 0)), [job_id(0), job_id(1)]);
        let by_number = Retention { jobs: Some(1), ..Retention::default() };
        assert_eq!(histories(&by_number.due(&jobs, 0)), [job_id(0), job_id(1), job_id(2)]);
        jobs[0].held = true;
        assert_eq!(histories(&by_age.due(&jobs, 0)), [job_id(1)]);
        assert_eq!(histories(&by_number.due(&jobs, 0)), [job_id(1), job_id(2), job_id(3)]);
        assert!(Retention::default().due(&jobs, u64::MAX).is_empty());
    }

    #[test]
    fn output_of_attempts_is_removed_first_to_free_bytes() {
        let retention = Retention { bytes: Some(1_000), ..Retention::default() };
        let jobs = past(&[3, 2, 1], 100);
        assert!(retention.due(&jobs, 1_000).is_empty());
        assert_eq!(retention.due(&jobs, 1_150), [Removal::Attempts(job_id(0)), Removal::Attempts(job_id(1))]);
        assert_eq!(retention.due(&past(&[3, 2, 1], 0), 1_150), [Removal::History(job_id(0))]);
    }
}
