//! What is logged about a job on the console of the browser.

use super::super::FollowEffect;
use super::Tracked;
use crate::id::JobId;
use crate::status::JobStatus;

/// What was logged last.
#[derive(Debug, Clone, Default)]
pub(super) struct LastLogged {
    status: Option<JobStatus>,
    settled: u32,
    end: bool,
}

impl Tracked {
    /// Logs progress to the console: every item of a job of up to 200 items, every percent of a larger one.
    pub(in crate::follow) fn log_progress(&mut self, job: &JobId, effects: &mut Vec<FollowEffect>) {
        let Some(fold) = self.fold.as_ref().filter(|_| !self.revisited) else { return };
        let mut say = |text: String| effects.push(FollowEffect::Log(format!("[JOB {job}] {text}")));
        if self.logged.status.is_none() {
            say(format!("tracking: {}", fold.title));
        }
        let (settled, total) = (fold.counters.settled(), fold.counters.total);
        let step = if total <= 200 { 1 } else { total.div_ceil(100) };
        let whole = settled == total && fold.plan_ended;
        let moved = settled != self.logged.settled && (settled.is_multiple_of(step) || whole);
        if self.logged.status == Some(JobStatus::Processing) && moved {
            say(format!("processing {settled}/{total}"));
        }
        if self.logged.status != Some(fold.status) {
            if fold.status.is_terminal() {
                say(format!("finished: {}", fold.status.label()));
            } else {
                say(fold.status.label().to_owned());
                if fold.status == JobStatus::Processing {
                    say(format!("processing {settled}/{total}"));
                }
            }
        }
        self.logged.settled = settled;
        self.logged.status = Some(fold.status);
        if fold.status.is_terminal() && !self.logged.end {
            self.logged.end = true;
            effects.push(FollowEffect::Finished(*job));
        }
    }
}
