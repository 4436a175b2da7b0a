//! What of the past is kept: by age, by number, by size. Pure: what is known of jobs that are over in, what to remove out.

use std::time::Duration;

use headway_model::id::{JobId, Millis};

/// How long jobs that are over keep their history. What is not said keeps it for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// So long after their end.
    pub age: Option<Duration>,
    /// So many of them.
    pub jobs: Option<usize>,
    /// As long as the data folder takes no more bytes than this; what attempts said goes first.
    pub bytes: Option<u64>,
    /// What attempts said: so long after the job's end.
    pub attempts: Option<Duration>,
}

/// A job that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The job.
    pub job: JobId,
    /// When it ended.
    pub ended: Millis,
    /// Bytes of what its attempts said.
    pub attempts: u64,
    /// Whether it must stay: its trash holds originals, or cannot be looked at, or another job works on its items.
    pub held: bool,
}

/// What is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// What the attempts of a job said.
    Attempts(JobId),
    /// The history of a job, with all of that.
    History(JobId),
}

impl Retention {
    /// Whether anything is ever removed.
    pub fn is_for_ever(&self) -> bool {
        *self == Retention::default()
    }

    /// What has to go now, of these jobs in order of their number, in a data folder of so many bytes. As it is not known
    /// before how many bytes a history gives back, at most one goes for the sake of bytes at a time.
    pub fn due(&self, past: &[Past], bytes: u64, now: Millis) -> Vec<Removal> {
        let old = |age: Option<Duration>, job: &Past| {
            age.is_some_and(|age| u128::from(now.saturating_sub(job.ended)) >= age.as_millis())
        };
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
            // These give back some; it is looked at again after them.
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

    const DAY: u64 = 24 * 60 * 60 * 1_000;

    fn past(days: &[u64], attempts: u64) -> Vec<Past> {
        let job = |(number, day): (u8, &u64)| Past { job: job_id(number), ended: day * DAY, attempts, held: false };
        (0..).zip(days).map(job).collect()
    }

    fn histories(removals: &[Removal]) -> Vec<JobId> {
        removals
            .iter()
            .filter_map(|removal| if let Removal::History(job) = removal { Some(*job) } else { None })
            .collect()
    }

    #[test]
    fn by_age_by_number_and_never_what_is_held() {
        let days = |days: u64| Some(Duration::from_millis(days * DAY));
        let mut jobs = past(&[1, 2, 3, 4], 0);
        let by_age = Retention { age: days(3), ..Retention::default() };
        assert_eq!(histories(&by_age.due(&jobs, 0, 5 * DAY)), [job_id(0), job_id(1)]);
        let by_number = Retention { jobs: Some(1), ..Retention::default() };
        assert_eq!(histories(&by_number.due(&jobs, 0, 0)), [job_id(0), job_id(1), job_id(2)]);
        jobs[0].held = true;
        assert_eq!(histories(&by_age.due(&jobs, 0, 5 * DAY)), [job_id(1)]);
        assert_eq!(histories(&by_number.due(&jobs, 0, 0)), [job_id(1), job_id(2), job_id(3)]);
        assert!(Retention::default().due(&jobs, u64::MAX, u64::MAX).is_empty());
    }

    #[test]
    fn for_the_sake_of_bytes_what_attempts_said_goes_first() {
        let retention = Retention { bytes: Some(1_000), ..Retention::default() };
        let jobs = past(&[1, 2, 3], 100);
        assert!(retention.due(&jobs, 1_000, 0).is_empty());
        assert_eq!(retention.due(&jobs, 1_150, 0), [Removal::Attempts(job_id(0)), Removal::Attempts(job_id(1))]);
        assert_eq!(retention.due(&past(&[1, 2, 3], 0), 1_150, 0), [Removal::History(job_id(0))]);
    }
}
