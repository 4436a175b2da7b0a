//! How long the last successes of a job took, for a time limit that is a percentage of their median.

use parking_lot::Mutex;

/// The median is taken over this many of the last successes.
const KEPT: usize = 999;

/// With fewer successes than this there is no median.
const FEW: usize = 3;

/// A percentage of less than a tick of the clock, in milliseconds, means nothing.
const TICK_MS: u64 = 10;

/// How long the last successes took, in milliseconds, the oldest first.
#[derive(Default)]
pub(super) struct Durations(Mutex<Vec<u64>>);

impl Durations {
    /// Notes how long a successful attempt took.
    pub(super) fn note(&self, ms: u64) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(ms);
    }

    /// This percentage of their median, in milliseconds; `None` while they are too few for one.
    pub(super) fn percent_of_median(&self, percent: u32) -> Option<u64> {
        let mut kept = self.0.lock().clone();
        if kept.len() < FEW {
            return None;
        }
        let middle = kept.len() / 2;
        let (_, median, _) = kept.select_nth_unstable(middle);
        Some((*median).max(TICK_MS).saturating_mul(u64::from(percent)) / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_the_median_of_the_last_successes() {
        let durations = Durations::default();
        [40, 20].iter().for_each(|ms| durations.note(*ms));
        assert_eq!(durations.percent_of_median(200), None, "two are too few");
        durations.note(9_000);
        assert_eq!(durations.percent_of_median(200), Some(80));
        (0..KEPT).for_each(|_| durations.note(1));
        assert_eq!(durations.percent_of_median(1_000), Some(100), "a tick at least, and the old ones are gone");
    }
}
