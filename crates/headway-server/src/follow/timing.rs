//! How often a stream is flushed, and when the machine next has something to do.

use super::Serving;
use super::live::ABSENT_FOR;
use super::served::Served;
use super::watch::SummaryWatch;
use headway_model::id::Millis;

/// Minimum and maximum interval between two flushes of a busy link, in milliseconds. An idle link is flushed at once.
pub(super) const MIN_FLUSH_MS: Millis = 10;
const MAX_FLUSH_MS: Millis = 50;

/// Between these limits, all links together are flushed at most this often per millisecond.
const FLUSHES_PER_MS: Millis = 20;

impl Serving {
    /// Sets the number of followers on the server. The more there are, the less often each is flushed.
    pub fn among(&mut self, followers: usize) {
        self.flush_every = (followers as Millis / FLUSHES_PER_MS).clamp(MIN_FLUSH_MS, MAX_FLUSH_MS);
    }

    /// The time before which a new head need not be read.
    pub fn next_flush_at(&self) -> Millis {
        self.flushed_at + self.flush_every
    }

    /// The time of the next thing to do, if nothing wakes the machine before.
    pub(super) fn next_time(&self) -> Millis {
        let awaited = self.jobs.values().any(Served::is_awaited);
        let processing = self.jobs.values().any(Served::is_processing);
        [
            Some(self.ping_at),
            awaited.then_some(self.absent_since + ABSENT_FOR),
            processing.then_some(self.now_at),
            self.woken.then_some(self.next_flush_at()),
            self.watch.as_ref().and_then(SummaryWatch::next_due),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.ping_at)
    }
}
