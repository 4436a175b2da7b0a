//! How quick a job's items are, and so how many of them are claimed ahead for each worker.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Items faster than this, in microseconds, are *quick*: recording one costs a noticeable share of running it.
const QUICK_BELOW_US: u64 = 5_000;

/// How much work, in microseconds, is claimed ahead for each worker: about as long as a disk takes to make a record durable.
const STOCK_US: u64 = 2_000;

/// The most items that are claimed ahead for each worker, however quick they are.
const AHEAD_LIMIT: u64 = 16;

/// Slower attempts count as this slow, so that a few quick ones suffice to change the pace.
const SLOW_US: u64 = 2 * QUICK_BELOW_US;

/// The pace is a moving average: each new attempt weighs one part in this many.
const PARTS: u64 = 8;

/// The moving average of how long attempts take, in microseconds.
pub(super) struct Pace(AtomicU64);

impl Default for Pace {
    fn default() -> Self {
        Pace(AtomicU64::new(SLOW_US))
    }
}

impl Pace {
    /// Notes how long an attempt took; `None` if it was given back because it had to wait. Returns how many items to claim ahead for
    /// each worker, if that has changed. Only one thread calls this.
    pub(super) fn note(&self, took: Option<Duration>) -> Option<usize> {
        let before = self.0.load(Ordering::Relaxed);
        let took = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(SLOW_US).min(SLOW_US));
        let after = took.map_or(SLOW_US, |took| (before * (PARTS - 1) + took) / PARTS);
        self.0.store(after, Ordering::Relaxed);
        (ahead(after) != ahead(before)).then(|| ahead(after))
    }

    /// Whether the attempts are *brief*: at most a millisecond on average, so that their ends are reported together.
    pub(super) fn is_brief(&self) -> bool {
        ahead(self.0.load(Ordering::Relaxed)) > 1
    }
}

/// How many items to claim ahead for each worker at this pace, in microseconds an item.
fn ahead(pace_us: u64) -> usize {
    match pace_us {
        QUICK_BELOW_US.. => 0,
        _ => (STOCK_US / pace_us.max(1)).clamp(1, AHEAD_LIMIT) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_items_are_claimed_ahead_as_fill_the_time_of_a_record() {
        let ahead_at = [(5_000, 0), (4_999, 1), (2_000, 1), (1_000, 2), (125, 16), (1, 16), (0, 16)];
        assert_eq!(ahead_at.map(|(pace_us, _)| ahead(pace_us)), ahead_at.map(|(_, count)| count));
    }

    #[test]
    fn a_few_quick_items_make_a_job_quick_and_one_that_waited_makes_it_slow() {
        let (pace, quick) = (Pace::default(), Some(Duration::from_micros(100)));
        let told: Vec<_> = (0..100).filter_map(|_| pace.note(quick)).collect();
        assert!(pace.is_brief() && told.is_sorted() && told.last() == Some(&16), "{told:?}");
        assert_eq!((pace.note(None), pace.is_brief()), (Some(0), false));
        assert_eq!(pace.note(Some(Duration::from_secs(3600))), None, "slow already");
    }
}
