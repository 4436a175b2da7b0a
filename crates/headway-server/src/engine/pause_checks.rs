//! Checks whether the reasons for pauses have passed. Storage that does not answer only holds up the check of its own
//! job.

use std::collections::HashSet;

use tokio::task::JoinSet;

use super::panicked::caught;
use headway_model::{JobId, PauseReason};

/// The checks that are under way, at most one for each job.
#[derive(Default)]
pub(super) struct PauseChecks {
    looks: JoinSet<(JobId, PauseReason, bool)>,
    jobs: HashSet<JobId>,
}

impl PauseChecks {
    /// Begins to check whether the reason has passed, unless a check of this job is under way.
    pub(super) fn begin<L>(&mut self, job: JobId, reason: PauseReason, look: impl FnOnce() -> L)
    where
        L: Future<Output = bool> + Send + 'static,
    {
        if self.jobs.insert(job) {
            let look = caught(look());
            // After a panic, the job is checked again too.
            self.looks.spawn(async move { (job, reason, look.await.unwrap_or(false)) });
        }
    }

    /// The jobs whose reason has passed, according to the checks that ended since the last call.
    pub(super) fn passed(&mut self) -> Vec<(JobId, PauseReason)> {
        let mut passed = Vec::new();
        while let Some(look) = self.looks.try_join_next() {
            let Ok((job, reason, has_passed)) = look else { continue };
            self.jobs.remove(&job);
            if has_passed {
                passed.push((job, reason));
            }
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const GONE: PauseReason = PauseReason::LibraryGone;

    async fn ended(checks: &mut PauseChecks) -> Vec<(JobId, PauseReason)> {
        let end = async {
            loop {
                tokio::task::yield_now().await;
                let passed = checks.passed();
                if checks.jobs.is_empty() {
                    return passed;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), end).await.expect("every look ends")
    }

    #[tokio::test]
    async fn a_job_is_inspected_again_after_a_panic_and_after_an_inspection_without_a_result() {
        let (mut checks, job) = (PauseChecks::default(), JobId::mint(1, [1; 10]));
        checks.begin(job, GONE, || async { panic!("as a test") });
        assert_eq!(ended(&mut checks).await, []);
        checks.begin(job, GONE, || async { false });
        assert_eq!(ended(&mut checks).await, []);
        checks.begin(job, GONE, || async { true });
        assert_eq!(ended(&mut checks).await, [(job, GONE)]);
    }

    #[tokio::test]
    async fn one_look_at_a_time_is_under_way_and_another_job_does_not_wait_for_it() {
        let mut checks = PauseChecks::default();
        let [hung, other] = [1, 2].map(|at| JobId::mint(at, [1; 10]));
        checks.begin(hung, GONE, std::future::pending);
        checks.begin(hung, GONE, || async { panic!("two looks at one job") });
        checks.begin(other, GONE, || async { true });
        let passed = async {
            loop {
                tokio::task::yield_now().await;
                let passed = checks.passed();
                if !passed.is_empty() {
                    return passed;
                }
            }
        };
        let passed = tokio::time::timeout(Duration::from_secs(10), passed).await.expect("a look that ends");
        assert_eq!((passed, checks.looks.len()), (vec![(other, GONE)], 1));
    }
}
