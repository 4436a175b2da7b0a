//! How fast a job goes, and how long it has worked, up to the last message from the server and never beyond it.

use crate::ui::parts::format;
use headway_model::JobSummary;
use headway_model::id::Millis;
use headway_model::worked::Worked;

/// Maximum age of the last message while the server is heard, because it sends something every 5 s.
const WORD: Millis = 6_000;

/// The facts that decide up to which moment something is known about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownUntil {
    /// The server's time now.
    pub(super) clock: Millis,
    /// When the server last confirmed this page's state; 0 if it has not yet.
    pub(super) checked: Millis,
    /// When the page was rendered.
    pub(super) made: Millis,
    /// Whether the server is heard.
    pub(super) is_heard: bool,
}

impl KnownUntil {
    /// The time at work, as far as it is known.
    pub(super) fn at_work(self, worked: Worked) -> Millis {
        worked.until(self.moment(worked.since.unwrap_or_default()))
    }

    /// The moment up to which the job is known, if its last event was recorded at `event`.
    fn moment(self, event: Millis) -> Millis {
        let last = event.max(self.checked).max(self.made);
        match (self.is_heard, self.checked) {
            (false, _) => last,
            // The page has just connected and has not had its first check.
            (true, 0) => self.clock,
            (true, _) => self.clock.min(last + WORD),
        }
    }
}

/// Items a second, and the time at work: pauses do not count.
pub(super) fn pace(summary: &JobSummary, heard: KnownUntil) -> String {
    let Some(began) = summary.began else { return String::new() };
    let Some(worked) = summary.worked else {
        // An older version did not record pauses.
        return summary
            .ended
            .map(|ended| format!("{} in all", format::duration(ended.saturating_sub(began))))
            .unwrap_or_default();
    };
    let at_work = heard.at_work(worked);
    if summary.status.is_terminal() && at_work < 1_000 {
        // The sentence about its end says so.
        return String::new();
    }
    let ran = u64::from(summary.counters.done() - summary.counters.skipped_in_plan);
    let so_far = if summary.status.is_terminal() { "" } else { " so far" };
    match format::rate(ran, at_work) {
        Some(rate) => format!("{rate} · {}{so_far}", format::duration(at_work)),
        None => format!("{}{so_far}", format::duration(at_work)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::{created, job_id, planned, record};
    use headway_model::{DiskEffect, JobEvent};

    fn at_work(worked: Option<Worked>) -> JobSummary {
        let end = JobEvent::PlanEnded { total: 30, reruns: Default::default() };
        let mut events = vec![created(job_id(1)), planned(0, 30), end, JobEvent::Began {}];
        for item in 0..20 {
            events.push(JobEvent::Started { item, attempt: 1 });
            events.push(JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail: None });
        }
        JobSummary { worked, ..JobSummary::from(&record(&events).1) }
    }

    #[test]
    fn a_pause_and_silence_change_neither_rate_nor_clock() {
        let heard = |clock, checked, is_heard| KnownUntil { clock, checked, made: 1_000, is_heard };
        let paused = at_work(Some(Worked { ms: 10_000, since: None }));
        assert_eq!(pace(&paused, heard(20_000, 19_000, true)), "2 files/s · 10 s so far");
        assert_eq!(pace(&paused, heard(86_400_000, 86_399_000, true)), "2 files/s · 10 s so far");

        let running = at_work(Some(Worked { ms: 8_000, since: Some(50_000) }));
        assert_eq!(pace(&running, heard(52_000, 51_000, true)), "2 files/s · 10 s so far");
        // Ten minutes later, and nothing has been heard since.
        assert_eq!(pace(&running, heard(652_000, 52_000, false)), "2 files/s · 10 s so far");
        // Before the silence is noticed, the time goes on for no longer than the next message would take.
        assert_eq!(pace(&running, heard(652_000, 54_000, true)), "1.1 files/s · 18 s so far");
        // A long file: no event for a long time, but the server is heard.
        assert_eq!(pace(&running, heard(112_000, 110_000, true)), "0.2 files/s · 1 min 10 s so far");
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let heard = KnownUntil { clock: 5, checked: 0, made: 5, is_heard: true };
        assert_eq!(pace(&at_work(None), heard), "");
        let ended = JobSummary { ended: Some(1_764_000_120_000), ..at_work(None) };
        assert_eq!(pace(&ended, heard), "1 min 59 s in all");
    }
}
