//! When a failed item is retried, and how often at most.

use super::LONGEST_REST;
use super::job::Job;
use headway_model::Digest;
use headway_model::id::Millis;
use headway_model::item::ItemStatus;

/// The longest wait of an item for its next try, in milliseconds.
const LONGEST_BACKOFF_MS: u64 = 10 * 60 * 1_000;

/// Whether a due time has come. A time further away than the longest rest counts as come: the clock has been set back since.
pub(super) fn has_come(moment: Millis, now: Millis) -> bool {
    moment <= now || moment > now + LONGEST_REST
}

impl Job {
    /// When to retry after a failed attempt; `None` if that was the last try. There are at least `least` tries.
    pub(super) fn retry_at(&self, item: u32, attempt: u32, least: u32, now: Millis) -> Option<Millis> {
        let terms = self.terms.as_ref()?;
        let tries = attempt.saturating_sub(self.uncounted.get(&item).copied().unwrap_or(0));
        if tries >= terms.tries.max(least) {
            return None;
        }
        let doubled = terms.backoff_ms.saturating_mul(1 << tries.saturating_sub(1).min(30)).min(LONGEST_BACKOFF_MS);
        // Half of the wait is jitter, so that items that failed together do not return together. It depends on the attempt only.
        let chance = Digest::of(format!("{} {item} {attempt}", self.fold.id).as_bytes()).0[0];
        Some(now + doubled / 2 + doubled * u64::from(chance) / 510)
    }

    /// Makes a waiting item available to claim again, unless its files are held.
    pub(super) fn put_back(&mut self, item: u32) {
        if self.fold.item(item) == Some(ItemStatus::Waiting) && !self.waiting.held.contains(&item) {
            self.waiting.again.insert(item);
        }
    }

    /// Makes an item available to claim whose files are free again. If its attempt's end is not recorded yet, that does so.
    pub(super) fn free(&mut self, item: u32) {
        if self.waiting.held.remove(&item) {
            self.put_back(item);
        }
    }

    pub(super) fn delay(&mut self, item: u32, at: Millis) {
        self.waiting.later.insert((at, item));
        self.waiting.delayed.insert(item);
    }

    /// Makes delayed items that are due available to claim.
    pub(super) fn wake(&mut self, now: Millis) {
        while let Some((_, item)) = self.waiting.later.first().copied().filter(|(at, _)| *at <= now) {
            self.waiting.later.pop_first();
            self.waiting.delayed.remove(&item);
            self.waiting.again.insert(item);
        }
        // No wait is longer than this, so the clock was set back meanwhile.
        while let Some((_, item)) = self.waiting.later.last().copied().filter(|(at, _)| *at > now + LONGEST_BACKOFF_MS)
        {
            self.waiting.later.pop_last();
            self.waiting.delayed.remove(&item);
            self.waiting.again.insert(item);
        }
    }
}
