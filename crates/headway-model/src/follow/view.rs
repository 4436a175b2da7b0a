//! The state that a page reads from the receiver.

use super::tracked::Tracked;
use super::{Follow, LinkState};
use crate::cursor::Cursor;
use crate::id::{JobId, Millis};
use crate::sorted::SortedMap;
use crate::summary::JobSummary;

impl Follow {
    /// Whether messages arrive by calls, because streams do not get through.
    pub fn asks(&self) -> bool {
        self.link.asks()
    }

    /// Whether it makes short calls because other tabs of its browser hold the connections.
    pub fn is_crowded(&self) -> bool {
        self.link.crowded
    }

    /// A followed job.
    pub fn job(&self, job: &JobId) -> Option<&Tracked> {
        self.jobs.get(job)
    }

    /// Every followed job.
    pub fn jobs(&self) -> impl Iterator<Item = (&JobId, &Tracked)> {
        self.jobs.iter()
    }

    /// The summary of every known job, followed or watched. A followed job's summary comes from its fold.
    pub fn summaries(&self) -> SortedMap<JobId, JobSummary> {
        let mut all = self.summaries.clone();
        for (job, tracked) in self.jobs.iter().filter(|(_, tracked)| !tracked.is_stopped()) {
            if let Some(fold) = tracked.fold() {
                all.insert(*job, JobSummary::from(fold));
            }
        }
        all
    }

    /// Where this client would resume.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The state of the link, derived from what has arrived.
    pub fn link(&mut self, now: Millis) -> LinkState {
        let behind = self.jobs.values().map(Tracked::behind).sum();
        let healed = self.jobs.values().filter_map(|tracked| tracked.healed_at()).max_by_key(|(at, _)| *at);
        self.link.state(now, behind, healed)
    }

    /// How many times the server came back: a connection caught up, or a silence ended. Falling behind and catching up
    /// does not count.
    pub fn returns(&self) -> u32 {
        self.link.returns()
    }

    /// Whether what is shown might be out of date, because the link is not up. `state` is the link's state at `now`.
    pub fn is_lost(&self, now: Millis, state: &LinkState) -> bool {
        self.link.is_lost(now, state)
    }

    /// The last moment at which everything was known, on this client's clock; `None` if the link has never caught up.
    pub fn known_at(&self) -> Option<Millis> {
        self.link.known_at()
    }

    /// Server time minus `now`, once the server has sent its time.
    pub fn skew(&self) -> Option<i64> {
        self.skew
    }

    /// Whether the server can record events.
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// Which of its own tasks the server skips after repeated crashes, and what to do.
    pub fn given_up(&self) -> Option<&str> {
        self.given_up.as_deref()
    }

    /// Whether the page should reload: it met an unknown event, or the server runs another build and every followed job
    /// is closed.
    pub fn wants_reload(&self) -> bool {
        let other = matches!((&self.build, &self.server_build), (Some(ours), Some(theirs)) if ours != theirs);
        let unknown = self.jobs.values().any(|tracked| tracked.met_unknown());
        unknown || (other && self.jobs.values().all(Tracked::is_closed))
    }

    /// Whether no source is wanted now: the page sleeps, is refused, or follows nothing.
    pub fn is_resting(&self, now: Millis) -> bool {
        self.nothing_wanted() || self.link.is_resting(now)
    }
}
