//! How fast a job goes, and how long it has worked, up to the last message from the server and never beyond it. The turns of
//! other jobs do not count.

use crate::ui::parts::format;
use headway_model::JobSummary;
use headway_model::id::Millis;

/// Items a second, and the time at work, if everything is known up to the moment `known`: pauses do not count.
pub(super) fn speed(summary: &JobSummary, known: Millis) -> String {
    let Some(began) = summary.began else { return String::new() };
    let Some(worked) = summary.worked else {
        // An older version did not record pauses.
        return summary
            .ended
            .map(|ended| format!("{} in all", format::duration(ended.saturating_sub(began))))
            .unwrap_or_default();
    };
    let at_work = worked.until(known);
    if summary.status.is_terminal() && at_work < 1_000 {
        // The sentence about its end says so.
        return String::new();
    }
    let ran = u64::from(summary.counters.ran());
    // A clock that runs counts whole seconds; a time that is known is as exact as in the sentence about the end.
    let time = match summary.status.is_terminal() {
        true => format!("{} of work", format::seconds(at_work)),
        false => format!("{} of work so far", format::duration(at_work)),
    };
    match format::rate(ran, at_work) {
        Some(rate) => format!("{rate} · {time}"),
        None => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headway_model::testing::{created, job_id, planned, record};
    use headway_model::worked::Worked;
    use headway_model::{DiskEffect, JobEvent, JobStatus};

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
        let paused = at_work(Some(Worked { ms: 10_000, since: None }));
        assert_eq!(speed(&paused, 19_000), "2 files/s · 10 s of work so far");
        assert_eq!(speed(&paused, 86_399_000), "2 files/s · 10 s of work so far");

        let running = at_work(Some(Worked { ms: 8_000, since: Some(50_000) }));
        assert_eq!(speed(&running, 52_000), "2 files/s · 10 s of work so far");
        // The last event is newer than the last moment at which everything was known.
        assert_eq!(speed(&running, 49_000), "2.5 files/s · 8 s of work so far");
        // A long file: no event for a long time, but the server is heard.
        assert_eq!(speed(&running, 112_000), "0.2 files/s · 1 min 10 s of work so far");
    }

    #[test]
    fn how_long_a_short_job_took_has_a_tenth_of_a_second() {
        let ended = |ms| JobSummary { status: JobStatus::Completed, ..at_work(Some(Worked { ms, since: None })) };
        assert_eq!(speed(&ended(3_610), 5), "5.5 files/s · 3.6 s of work");
        assert_eq!(speed(&ended(80_000), 5), "0.2 files/s · 1 min 20 s of work");
    }

    #[test]
    fn what_is_not_known_is_not_reported() {
        assert_eq!(speed(&at_work(None), 5), "");
        let ended = JobSummary { ended: Some(1_764_000_120_000), ..at_work(None) };
        assert_eq!(speed(&ended, 5), "1 min 59 s in all");
    }
}
