//! The statuses of several jobs, in a few words.

use headway_model::{JobId, JobStatus, JobSummary};

/// The words for jobs that are not over, in the order in which they are shown.
const WORDS: [&str; 6] = ["running", WAITING, "listing files", "queued", "paused", "waiting for you"];

/// The word for a job that has no running file, although it is its turn.
pub(super) const WAITING: &str = "waiting";

/// The statuses of these jobs, such as "2 running, 1 paused, 41 %". The percentage covers the files of all jobs that
/// go on without a decision. It is left out while one of these lists its files. Nothing of those that are `still` runs;
/// if they are `others`, the text says that there are more jobs than these.
pub(super) fn status_of_jobs<'a>(
    jobs: impl Iterator<Item = &'a JobSummary> + Clone,
    still: &[JobId],
    others: bool,
) -> String {
    let word = |job: &JobSummary| if still.contains(&job.job) { Some(WAITING) } else { self::word(job.status) };
    let counted = WORDS.into_iter().map(|known| (jobs.clone().filter(|job| word(job) == Some(known)).count(), known));
    let mut parts: Vec<_> =
        counted.filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    if let Some(first) = parts.first_mut().filter(|_| others) {
        let other = if first.starts_with("1 ") { " other " } else { " others " };
        *first = first.replacen(' ', other, 1);
    }
    parts.extend(percent_of_going(jobs).map(|percent| format!("{percent}\u{a0}%")));
    parts.join(", ")
}

/// The same for a phone, where only their number has room, such as "3 jobs, 41 %".
pub(super) fn short_of_jobs<'a>(jobs: impl Iterator<Item = &'a JobSummary> + Clone) -> String {
    let number = jobs.clone().count();
    match percent_of_going(jobs) {
        Some(percent) => format!("{number} jobs, {percent}\u{a0}%"),
        None => format!("{number} jobs"),
    }
}

/// The percentage of the jobs that go on without a decision; `None` while one of all lists its files.
fn percent_of_going<'a>(jobs: impl Iterator<Item = &'a JobSummary> + Clone) -> Option<u32> {
    let is_listing = jobs.clone().any(|job| job.listing);
    percent(jobs.filter(|job| job.status != JobStatus::Planned)).filter(|_| !is_listing)
}

/// The word for a status; `None` for a job that is over.
pub(super) fn word(status: JobStatus) -> Option<&'static str> {
    match status {
        JobStatus::Processing | JobStatus::Cancelling | JobStatus::Finishing => Some("running"),
        JobStatus::Planning => Some("listing files"),
        JobStatus::Queued => Some("queued"),
        JobStatus::Paused { .. } => Some("paused"),
        JobStatus::Planned => Some("waiting for you"),
        JobStatus::Completed | JobStatus::CompletedWithErrors | JobStatus::Failed { .. } | JobStatus::Cancelled => None,
    }
}

/// How much of these jobs' files is done, in whole percent. Jobs that still list their files are left out; `None` if no other has any.
pub(super) fn percent<'a>(jobs: impl Iterator<Item = &'a JobSummary>) -> Option<u32> {
    let (mut done, mut all) = (0_u64, 0_u64);
    for job in jobs.filter(|job| !job.listing) {
        let (here, of) = job.counters.work();
        done += u64::from(here);
        all += u64::from(of);
    }
    u32::try_from((done * 100).checked_div(all)?).ok()
}

#[cfg(test)]
mod tests {
    use headway_model::testing::{job_id, summary};
    use headway_model::{Counters, JobStatus, JobSummary, PauseReason};

    use super::{JobId, short_of_jobs, status_of_jobs};

    /// A job with this many of its files done.
    fn job(status: JobStatus, done: u32, total: u32) -> JobSummary {
        let counters = Counters { total, succeeded: done, waiting: total - done, ..Counters::default() };
        JobSummary { listing: status == JobStatus::Planning, ..summary(status, counters) }
    }

    #[test]
    fn several_jobs_are_counted_by_how_they_stand_and_share_one_percentage() {
        let said = |jobs: &[JobSummary]| status_of_jobs(jobs.iter(), &[], false);
        let (slow, quick) = (job(JobStatus::Processing, 1, 3), job(JobStatus::Finishing, 1, 1));
        assert_eq!(said(&[slow.clone(), quick.clone()]), "2 running, 50\u{a0}%");
        let paused = job(JobStatus::Paused { reason: PauseReason::User }, 0, 4);
        let queued = job(JobStatus::Queued, 0, 2);
        assert_eq!(said(&[paused, quick, slow.clone(), queued]), "2 running, 1 queued, 1 paused, 20\u{a0}%");
        // A job that waits for a decision does not count towards the progress.
        let planned = job(JobStatus::Planned, 0, 97);
        assert_eq!(said(&[slow.clone(), planned.clone()]), "1 running, 1 waiting for you, 33\u{a0}%");
        assert_eq!(said(&[planned.clone(), planned]), "2 waiting for you");
        // How many files there are is not known yet.
        let listing = [slow.clone(), job(JobStatus::Planning, 0, 5)];
        assert_eq!(said(&listing), "1 running, 1 listing files");
        // On a phone there is room for their number.
        assert_eq!(short_of_jobs(listing.iter()), "2 jobs");
        assert_eq!(short_of_jobs([slow.clone(), slow].iter()), "2 jobs, 33\u{a0}%");
    }

    #[test]
    fn a_job_without_a_worker_does_not_run_and_jobs_beside_one_that_is_shown_are_others() {
        let of = |number: u8| JobSummary { job: job_id(number), ..job(JobStatus::Processing, 1, 4) };
        let jobs = [of(1), of(2), of(3)];
        let said = |still: &[JobId], others| status_of_jobs(jobs.iter(), still, others);
        assert_eq!(said(&[job_id(2)], false), "2 running, 1 waiting, 25\u{a0}%");
        assert_eq!(said(&[job_id(1), job_id(2)], true), "1 other running, 2 waiting, 25\u{a0}%");
        assert_eq!(said(&[], true), "3 others running, 25\u{a0}%");
    }
}
