//! How many files were finished in each part of the time that a job took.

use super::HistoryEntry;
use crate::event_kind::{EventKind, EventOutcome};
use crate::id::{Millis, Seq};

/// What ended in one part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThroughputPart {
    /// Files that were done without a failure.
    pub done: u32,
    /// Files that failed.
    pub failed: u32,
    /// The `seq` of its last event; that of the part before if it has no event.
    pub seq: Seq,
}

/// Parts of equal length, from the first file's beginning to the last event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Throughput {
    /// When the first part begins.
    pub from: Millis,
    /// How long each takes.
    pub each: Millis,
    /// The parts.
    pub bins: Vec<ThroughputPart>,
}

impl Throughput {
    /// The throughput over these events, in at most `most` parts, none shorter than `least`. Empty until the first
    /// file has begun.
    pub fn of(entries: &[HistoryEntry], most: u32, least: Millis) -> Throughput {
        let Some(began) = entries.iter().position(|entry| entry.kind == EventKind::Started) else {
            return Throughput::default();
        };
        let from = entries[began].at;
        // A clock can be set back; times before the first moment count as the first moment.
        let till = entries.iter().map(|entry| entry.at).max().unwrap_or(from).max(from);
        let each = ((till - from) / u64::from(most.max(1)) + 1).max(least);
        let place = |at: Millis| usize::try_from(at.saturating_sub(from) / each).unwrap_or_default();
        let mut bins = vec![ThroughputPart::default(); place(till) + 1];
        for (seq, entry) in (1..).zip(entries) {
            let bin = &mut bins[place(entry.at)];
            bin.seq = seq;
            match entry.kind.outcome() {
                Some(EventOutcome::Done) => bin.done += 1,
                Some(EventOutcome::Failed) => bin.failed += 1,
                Some(EventOutcome::AttemptFailed) | None => {}
            }
        }
        let mut last = 0;
        for bin in &mut bins {
            last = last.max(bin.seq);
            bin.seq = last;
        }
        Throughput { from, each, bins }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(at: Millis, kind: EventKind) -> HistoryEntry {
        HistoryEntry { at, kind, item: None }
    }

    #[test]
    fn files_count_in_the_part_in_which_they_ended_and_a_part_without_events_points_back() {
        let entries = [
            entry(900, EventKind::Created),
            entry(1_000, EventKind::Started),
            entry(1_050, EventKind::Succeeded),
            entry(1_350, EventKind::Failed),
            entry(1_399, EventKind::Skipped),
        ];
        let throughput = Throughput::of(&entries, 4, 1);
        let bin = |done, failed, seq| ThroughputPart { done, failed, seq };
        assert_eq!((throughput.from, throughput.each), (1_000, 100));
        assert_eq!(throughput.bins, [bin(1, 0, 3), bin(0, 0, 3), bin(0, 0, 3), bin(1, 1, 5)]);
        assert_eq!(Throughput::of(&entries, 4, 1_000).bins, [bin(2, 1, 5)]);
        assert_eq!(Throughput::of(&entries[..1], 4, 1), Throughput::default());
    }

    proptest! {
        #[test]
        fn every_end_is_in_one_part_even_after_a_jump_of_the_clock(
            times in proptest::collection::vec(0_u64..u64::MAX, 1..50), most in 1_u32..200
        ) {
            let mut entries = vec![entry(times[0], EventKind::Started)];
            entries.extend(times.iter().map(|at| entry(*at, EventKind::Failed)));
            let throughput = Throughput::of(&entries, most, 1);
            prop_assert!(throughput.bins.len() <= most as usize);
            prop_assert_eq!(throughput.bins.iter().map(|bin| bin.failed as usize).sum::<usize>(), times.len());
            prop_assert_eq!(throughput.bins.last().map(|bin| bin.seq), Some(entries.len() as Seq));
        }
    }
}
