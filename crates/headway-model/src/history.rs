//! All events of a job, and the job as it was after any of them: the same fold, over the same payloads.

mod throughput;

use serde::Serialize;

use super::event::{Payload, Recorded};
use super::event_kind::EventKind;
use super::fold::{Fold, FoldError};
use super::id::{Millis, Position, Seq};
use super::read::FromJson;

pub use throughput::{Throughput, ThroughputPart};

/// Maximum number of events of one job that a page holds.
pub const HISTORY_LIMIT: Seq = 500_000;

/// Maximum number of events in a [`HistoryPage`].
pub const HISTORY_PAGE: u32 = 2_000;

/// Number of folds that are kept along the way, and of events between two of them at first.
const MARKS: usize = 64;
const FIRST_STEP: usize = 500;

/// Consecutive events of a job.
#[derive(Debug, Clone, Serialize, FromJson)]
pub struct HistoryPage {
    /// Their payloads, as exactly the bytes that were hashed.
    pub events: Vec<Payload>,
    /// Pass this as `after` to get the next page; `None` if there is no event at all.
    pub next: Option<Position>,
    /// Whether there might be more events now.
    pub is_full: bool,
}

/// What is kept of an event, so that it need not be decoded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When it was recorded.
    pub at: Millis,
    /// What happened.
    pub kind: EventKind,
    /// The item that the event is about.
    pub item: Option<u32>,
}

/// The events so far, and the folds at some of them, from which the job at any other event is quickly folded.
#[derive(Debug, Default)]
pub struct JobHistory {
    payloads: Vec<Payload>,
    entries: Vec<HistoryEntry>,
    /// After every `step` events, in order.
    marks: Vec<Fold>,
    step: usize,
    last: Option<Fold>,
}

impl JobHistory {
    /// Adds the next event. If it is not the next one, or is refused, nothing changes.
    pub fn push(&mut self, payload: Payload) -> Result<(), FoldError> {
        let recorded = Recorded::decode(payload.get())?;
        match &mut self.last {
            None => self.last = Some(Fold::create_recorded(&recorded, payload.get())?),
            Some(fold) => fold.apply_recorded(&recorded, payload.get())?,
        }
        let item = recorded.event.item().map(|(item, _)| item);
        self.entries.push(HistoryEntry { at: recorded.at, kind: recorded.event.kind(), item });
        self.payloads.push(payload);
        self.mark();
        Ok(())
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One entry for each event, in order; event 1 comes first.
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// The job after its first `seq` events; `None` if not all of them are here.
    pub fn at(&self, seq: Seq) -> Option<Fold> {
        let wanted = usize::try_from(seq).ok().filter(|wanted| (1..=self.len()).contains(wanted))?;
        let near = (wanted / self.step.max(1)).min(self.marks.len());
        let mut fold = match near.checked_sub(1) {
            Some(mark) => self.marks[mark].clone(),
            None => Fold::create(self.payloads[0].get()).ok()?,
        };
        for payload in &self.payloads[fold.seq as usize..wanted] {
            fold.apply(payload.get()).ok()?;
        }
        Some(fold)
    }

    /// Keeps the last fold if it is due. When there are too many, every second one is dropped, so that the number
    /// stays limited however long the job is.
    fn mark(&mut self) {
        self.step = self.step.max(FIRST_STEP);
        if !self.len().is_multiple_of(self.step) {
            return;
        }
        self.marks.extend(self.last.clone());
        if self.marks.len() == MARKS {
            self.step *= 2;
            let mut number = 0;
            self.marks.retain(|_| {
                number += 1;
                number % 2 == 0
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{JobEvent, MESSAGE_LIMIT};
    use crate::item::{DiskEffect, FailReason};
    use crate::testing::{created, job_id, planned, random_events, record};
    use proptest::prelude::*;

    fn of(payloads: &[String]) -> JobHistory {
        let mut history = JobHistory::default();
        for payload in payloads {
            history.push(Payload::from(payload.clone())).expect("the next event");
        }
        history
    }

    proptest! {
        #![proptest_config(crate::testing::cases(40))]
        #[test]
        fn every_moment_is_the_fold_of_the_events_up_to_it(seed in any::<u64>()) {
            let events = random_events(seed, 60);
            let (payloads, last) = record(&events);
            let history = of(&payloads);
            for seq in 1..=events.len() {
                prop_assert_eq!(history.at(seq as Seq), Some(record(&events[..seq]).1));
            }
            prop_assert_eq!(history.at(last.seq), Some(last));
            prop_assert_eq!(history.at(0), None);
            prop_assert_eq!(history.at(events.len() as Seq + 1), None);
        }
    }

    #[test]
    fn a_long_job_keeps_few_folds_and_every_moment_of_it_is_there() {
        let files = 20_000;
        let mut events = vec![created(job_id(1))];
        events.extend((0..files).step_by(1_000).map(|first| planned(first, 1_000)));
        events.extend([JobEvent::PlanEnded { total: files, reruns: Default::default() }, JobEvent::Began {}]);
        for item in 0..files {
            events.push(JobEvent::Started { item, attempt: 1 });
            events.push(match item % 7 {
                0 => JobEvent::Failed {
                    item,
                    attempt: 1,
                    reason: FailReason::Read,
                    message: "a".repeat(MESSAGE_LIMIT / 9),
                    detail: None,
                },
                _ => JobEvent::Succeeded { item, attempt: 1, effect: DiskEffect::Read, detail: None },
            });
        }
        let (payloads, _) = record(&events);
        let history = of(&payloads);
        assert!(history.marks.len() < MARKS && history.step > FIRST_STEP, "{} folds", history.marks.len());
        let mut fold = Fold::create(&payloads[0]).expect("a job");
        for (seq, payload) in (2..).zip(&payloads[1..]) {
            fold.apply(payload).expect("an event");
            if seq % 1_999 == 0 || seq as usize == payloads.len() {
                assert_eq!(history.at(seq).as_ref(), Some(&fold));
            }
        }
    }

    #[test]
    fn an_event_that_is_not_the_next_one_changes_nothing() {
        let (payloads, _) = record(&[created(job_id(1)), planned(0, 3), planned(3, 3)]);
        let mut history = of(&payloads[..1]);
        history.push(Payload::from(payloads[2].clone())).expect_err("a gap");
        assert_eq!(history.len(), 1);
        history.push(Payload::from(payloads[1].clone())).expect("the next event");
        assert_eq!(history.at(2).map(|fold| fold.counters.total), Some(3));
    }
}
