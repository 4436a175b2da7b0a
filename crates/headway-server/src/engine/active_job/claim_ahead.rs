//! How many items of a job are claimed ahead for each worker: the quicker they are, the more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Items faster than this, in microseconds, are *quick*: recording one costs a noticeable share of running it.
const QUICK_BELOW_US: u64 = 5_000;

/// How much work, in microseconds, is claimed ahead for each worker: about as long as a disk takes to make a record durable.
const STOCK_US: u64 = 2_000;

/// The most items that are claimed ahead for each worker, however quick they are.
const AHEAD_LIMIT: u64 = 16;

/// Slower attempts count as this slow, so that a few quick ones suffice to change the average.
const SLOW_US: u64 = 2 * QUICK_BELOW_US;

/// Each new attempt weighs one part in this many of the moving average.
const PARTS: u64 = 8;

/// The moving average of how long attempts take, in microseconds.
pub(super) struct ClaimAhead(AtomicU64);

impl Default for ClaimAhead {
    fn default() -> Self {
        ClaimAhead(AtomicU64::new(SLOW_US))
    }
}

impl ClaimAhead {
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

/// How many items to claim ahead for each worker if an item takes this long on average, in microseconds.
fn ahead(average_us: u64) -> usize {
    match average_us {
        QUICK_BELOW_US.. => 0,
        _ => (STOCK_US / average_us.max(1)).clamp(1, AHEAD_LIMIT) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_items_are_claimed_ahead_as_fill_the_time_of_a_record() {
        let ahead_at = [(5_000, 0), (4_999, 1), (2_000, 1), (1_000, 2), (125, 16), (1, 16), (0, 16)];
        assert_eq!(ahead_at.map(|(average_us, _)| ahead(average_us)), ahead_at.map(|(_, count)| count));
    }

    #[test]
    fn a_few_quick_items_make_a_job_quick_and_one_that_waited_makes_it_slow() {
        let (claim_ahead, quick) = (ClaimAhead::default(), Some(Duration::from_micros(100)));
        let told: Vec<_> = (0..100).filter_map(|_| claim_ahead.note(quick)).collect();
        assert!(claim_ahead.is_brief() && told.is_sorted() && told.last() == Some(&16), "{told:?}");
        assert_eq!((claim_ahead.note(None), claim_ahead.is_brief()), (Some(0), false));
        assert_eq!(claim_ahead.note(Some(Duration::from_secs(3600))), None, "slow already");
    }
}
