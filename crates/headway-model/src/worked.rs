//! How long a job has been at work, not counting pauses, queueing and the time between two server processes.

use serde::{Deserialize, Serialize};

use super::event::{JobEvent, Recorded};
use super::id::Millis;
use crate::read::FromJson;

/// The time during which at least one item of the job ran, not counting the placing of its output. It follows from the
/// times of events, so every reader of the log gets the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, FromJson)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Worked {
    /// Milliseconds up to the last event.
    pub ms: Millis,
    /// The time of the last event if an item has been running since; `None` if none has.
    pub since: Option<Millis>,
}

impl Worked {
    /// Milliseconds up to a moment after the last event.
    pub fn until(self, moment: Millis) -> Millis {
        self.ms + self.since.map_or(0, |since| moment.saturating_sub(since))
    }

    /// Takes in the next event; `runs` is whether an item runs after it.
    pub(super) fn apply(&mut self, recorded: &Recorded, runs: bool) {
        // What ran before a `recovered` event ended at an unknown time, perhaps many hours ago: it counts for as long as its process
        // is known to have lived.
        let known = match recorded.event {
            JobEvent::Recovered { alive, .. } => alive.map(|alive| alive.min(recorded.at)),
            _ => Some(recorded.at),
        };
        self.ms = known.map_or(self.ms, |known| self.until(known));
        self.since = runs.then_some(recorded.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fold;
    use crate::item::DiskEffect;
    use crate::status::PauseReason;
    use crate::testing::{created, job_id, planned};

    /// The job after these events, each at its time.
    fn at(events: Vec<(Millis, JobEvent)>) -> Fold {
        let mut fold: Option<Fold> = None;
        for (seq, (at, event)) in (1..).zip(events) {
            let payload = Recorded { seq, at, event }.encode();
            match &mut fold {
                None => fold = Some(Fold::create(&payload).expect("created")),
                Some(fold) => drop(fold.apply(&payload).expect("a legal event")),
            }
        }
        fold.expect("a job")
    }

    fn begun(items: u32) -> Vec<(Millis, JobEvent)> {
        let end = JobEvent::PlanEnded { total: items, reruns: Default::default() };
        let begin = [created(job_id(1)), planned(0, items), end, JobEvent::Began {}];
        begin.into_iter().map(|event| (1_000, event)).collect()
    }

    fn started(item: u32, attempt: u32) -> JobEvent {
        JobEvent::Started { item, attempt }
    }

    fn succeeded(item: u32, attempt: u32) -> JobEvent {
        JobEvent::Succeeded { item, attempt, effect: DiskEffect::Read, detail: None }
    }

    #[test]
    fn only_items_that_run_during_a_pause_count_as_time_at_work() {
        let mut events = begun(2);
        events.extend([
            (2_000, started(0, 1)),
            (3_000, JobEvent::Paused { reason: PauseReason::User }),
            (3_500, succeeded(0, 1)),
        ]);
        let paused = at(events.clone()).worked.expect("begun");
        assert_eq!((paused.ms, paused.until(86_400_000)), (1_500, 1_500), "a night's pause changes nothing");
        events.extend([(90_000, JobEvent::Resumed {}), (91_000, JobEvent::Began {}), (92_000, started(1, 1))]);
        let on = at(events).worked.expect("begun");
        assert_eq!((on.ms, on.since, on.until(93_000)), (1_500, Some(92_000), 2_500));
    }

    #[test]
    fn downtime_between_two_processes_is_not_counted_as_work() {
        let mut killed = begun(2);
        killed.extend([(2_000, started(0, 1)), (3_000, started(1, 1))]);
        let recovered = |alive| {
            let event = |item| (99_000, JobEvent::Recovered { item, attempt: 1, alive });
            at([&killed[..], &[event(0), event(1)]].concat()).worked.expect("begun")
        };
        assert_eq!(recovered(None), Worked { ms: 1_000, since: None });
        // It was at work until its process last renewed its leases. A clock that was changed counts for nothing.
        let seen = [(51_000, 49_000), (2_500, 1_000), (0, 1_000), (99_000, 97_000), (999_000, 97_000)];
        for (alive, ms) in seen {
            assert_eq!(recovered(Some(alive)), Worked { ms, since: None }, "{alive}");
        }
        let mut stopped = begun(1);
        stopped.extend([
            (2_000, started(0, 1)),
            (2_500, JobEvent::Returned { item: 0, attempt: 1 }),
            (99_000, started(0, 2)),
        ]);
        assert_eq!(at(stopped).worked, Some(Worked { ms: 500, since: Some(99_000) }));
    }

    #[test]
    fn an_open_placing_does_not_count_as_time_at_work() {
        let placing = JobEvent::Placing {
            item: 0,
            attempt: 1,
            temp: "t".into(),
            target: "f".into(),
            trash: None,
            old: None,
            new: crate::Digest([4; 16]),
        };
        let mut events = begun(2);
        events.extend([(2_000, started(0, 1)), (3_000, placing)]);
        assert_eq!(at(events.clone()).worked, Some(Worked { ms: 1_000, since: None }));
        for end in [JobEvent::Recovered { item: 0, attempt: 1, alive: Some(98_000) }, succeeded(0, 1)] {
            let mut ended = events.clone();
            ended.extend([(99_000, end), (99_500, started(1, 1))]);
            assert_eq!(at(ended).worked, Some(Worked { ms: 1_000, since: Some(99_500) }));
        }
    }

    #[test]
    fn a_page_that_begins_with_a_snapshot_knows_the_same_and_hashes_the_same() {
        let mut events = begun(1);
        events.push((2_000, started(0, 1)));
        let fold = at(events);
        let wire = serde_json::to_string(&fold.snapshot()).expect("JSON");
        let back: super::super::snapshot::Snapshot = serde_json::from_str(&wire).expect("a snapshot");
        assert_eq!(back.fold().expect("known statuses"), fold);
        // An older server or page does not know the field, yet both get the same hash.
        let (before, found) = wire.split_once(r#""worked":"#).expect("the field");
        let rest = found.split_once("},").expect("its end").1;
        let old: super::super::snapshot::Snapshot =
            serde_json::from_str(&format!("{before}{rest}")).expect("a snapshot");
        let old = old.fold().expect("known statuses");
        assert_eq!((old.worked, old.hash()), (None, fold.hash()));
    }
}
