//! The receiver itself: which jobs it follows, and when it opens a source.

use super::effect::FollowEffect;
use super::link::{self, Link, Transport};
use super::tracked::Tracked;
use crate::cursor::Cursor;
use crate::id::{JobId, Millis};
use crate::sorted::SortedMap;
use crate::summary::JobSummary;

/// Maximum number of jobs that one stream follows.
pub const JOBS_LIMIT: usize = 16;

/// The receiving side. Times are in milliseconds on the caller's clock, which can start anywhere but never goes back.
#[derive(Debug, Clone)]
pub struct Follow {
    pub(super) jobs: SortedMap<JobId, Tracked>,
    pub(super) summaries: SortedMap<JobId, JobSummary>,
    pub(super) watch: bool,
    pub(super) cursor: Option<Cursor>,
    pub(super) link: Link,
    pub(super) build: Option<String>,
    pub(super) server_build: Option<String>,
    /// Server clock minus ours.
    pub(super) skew: Option<i64>,
    pub(super) recording: bool,
    pub(super) given_up: Option<String>,
}

impl Follow {
    /// A receiver that follows nothing yet. `cursor` is the position of the page's first data; `seed` spreads the
    /// reconnects of many clients; `build` is the page's own build, to detect a newer server.
    pub fn new(cursor: Option<Cursor>, watch: bool, build: Option<String>, seed: u64) -> Self {
        Follow {
            jobs: SortedMap::new(),
            summaries: SortedMap::new(),
            watch,
            cursor,
            link: Link::new(seed),
            build,
            server_build: None,
            skew: None,
            recording: true,
            given_up: None,
        }
    }

    /// Starts with calls instead of a stream, because streams recently did not get through.
    pub fn prefer_calls(&mut self) {
        self.link.ask();
    }

    /// Switches to short calls once a second, which hold no connection, or back to normal. Takes effect with the next
    /// source.
    pub fn crowded(&mut self, crowded: bool) {
        self.link.crowded = crowded;
    }

    /// Opens the stream, at once or as soon as there is something to follow.
    pub fn start(&mut self, now: Millis) -> Vec<FollowEffect> {
        self.link.begin(now);
        self.open(now)
    }

    /// Follows one more job, which need not exist yet. Takes effect at once.
    pub fn follow(&mut self, now: Millis, job: JobId) -> Vec<FollowEffect> {
        if self.jobs.contains_key(&job) {
            return Vec::new();
        }
        // A stream follows a limited number of jobs; the oldest makes room and is only watched from now on.
        let asked: Vec<_> = self.jobs.iter().filter(|(_, tracked)| tracked.is_folding()).map(|(job, _)| *job).collect();
        if asked.len() >= JOBS_LIMIT {
            self.jobs.remove(&asked[0]);
        }
        self.jobs.insert(job, Tracked::new());
        if self.link.started() { self.open(now) } else { Vec::new() }
    }

    /// Fetches a job that is known to be over, with its proof. Its end is not news, so no effect reports it.
    pub fn revisit(&mut self, now: Millis, job: JobId) -> Vec<FollowEffect> {
        if self.jobs.contains_key(&job) {
            return Vec::new();
        }
        // Only one job is revisited at a time, so drop the previous one.
        let previous = self.jobs.iter().find(|(_, tracked)| tracked.is_revisited()).map(|(job, _)| *job);
        previous.and_then(|job| self.jobs.remove(&job));
        let effects = self.follow(now, job);
        self.with(job, Tracked::revisit);
        effects
    }

    /// Stops following a job.
    pub fn unfollow(&mut self, now: Millis, job: JobId) -> Vec<FollowEffect> {
        match self.jobs.remove(&job) {
            Some(tracked) if self.link.started() && !tracked.is_closed() => self.open(now),
            _ => Vec::new(),
        }
    }

    /// The source `generation` failed. `closed` means that it was refused and the browser will not retry by itself.
    pub fn error(&mut self, now: Millis, generation: u64, closed: bool) -> Vec<FollowEffect> {
        if !self.link.is_current(generation) {
            return Vec::new();
        }
        let asked = self.link.asks();
        let mute = self.link.failed(now);
        let mut effects = vec![FollowEffect::Close];
        effects.extend(self.log_switch_to_calls(asked));
        if closed && mute {
            effects.push(FollowEffect::Probe { query: self.query() });
        }
        effects
    }

    /// The source that another tab holds for this one has broken. It stays this client's source.
    pub(super) fn broke(&mut self) {
        self.link.broke();
    }

    /// Advances time. Call it about four times a second.
    pub fn tick(&mut self, now: Millis) -> Vec<FollowEffect> {
        if self.nothing_wanted() {
            return if self.link.close() { vec![FollowEffect::Close] } else { Vec::new() };
        }
        let asked = self.link.asks();
        let due = self.link.due(now);
        let mut effects = self.log_switch_to_calls(asked);
        effects.extend(match due {
            link::Due::Nothing => Vec::new(),
            link::Due::Close => vec![FollowEffect::Close],
            link::Due::Open => self.open(now),
            link::Due::Ask(generation) => vec![FollowEffect::Ask { generation, query: self.asking(0) }],
        });
        effects
    }

    fn log_switch_to_calls(&self, before: bool) -> Vec<FollowEffect> {
        let now = !before && self.link.asks();
        now.then(|| FollowEffect::Log("[stream] no stream gets through; polling with calls instead".into()))
            .into_iter()
            .collect()
    }

    /// The page was shown (or thawed) or hidden.
    pub fn visible(&mut self, now: Millis, visible: bool) -> Vec<FollowEffect> {
        self.link.visible(now, visible);
        if visible { self.tick(now) } else { Vec::new() }
    }

    /// The network came back: reconnects at once.
    pub fn online(&mut self, now: Millis) -> Vec<FollowEffect> {
        self.link.reopen_now(now);
        self.tick(now)
    }

    /// Adds the summaries that the page was rendered with.
    pub fn know(&mut self, summaries: Vec<JobSummary>) {
        for summary in summaries {
            self.summaries.get_or_insert_with(summary.job, || summary);
        }
    }

    pub(super) fn with(&mut self, job: JobId, act: impl FnOnce(&mut Tracked)) {
        if let Some(tracked) = self.jobs.get_mut(&job) {
            act(tracked);
        }
    }

    pub(super) fn nothing_wanted(&self) -> bool {
        !self.watch && self.jobs.values().all(|tracked| tracked.is_closed() || tracked.is_stopped())
    }

    /// Closes the source and opens another from the cursor.
    pub fn open(&mut self, now: Millis) -> Vec<FollowEffect> {
        let mut effects = Vec::new();
        if self.link.close() {
            effects.push(FollowEffect::Close);
        }
        if !self.nothing_wanted()
            && let Some((generation, transport)) = self.link.open(now)
        {
            effects.push(match transport {
                Transport::Stream => FollowEffect::Open { generation, query: self.query() },
                // The first call returns at once with what there is.
                Transport::Calls => FollowEffect::Ask { generation, query: self.asking(0) },
            });
        }
        effects
    }
}
