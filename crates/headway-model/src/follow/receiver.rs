//! The receiver itself: what is followed, when the stream is opened, and what is known about each job.

use std::collections::BTreeMap;

use super::LinkState;
use super::effect::FollowEffect;
use super::link::{self, Link, Transport};
use super::tracked::Tracked;
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::id::{JobId, Millis};
use crate::summary::JobSummary;

/// Maximum number of jobs that one stream follows.
pub const JOBS_LIMIT: usize = 16;

/// The receiving side. Times are in milliseconds on the caller's clock, which can start anywhere but never goes back.
#[derive(Debug, Clone)]
pub struct Follow {
    pub(super) jobs: BTreeMap<JobId, Tracked>,
    pub(super) summaries: BTreeMap<JobId, JobSummary>,
    pub(super) watch: bool,
    pub(super) cursor: Option<Cursor>,
    pub(super) link: Link,
    pub(super) build: Option<String>,
    pub(super) server_build: Option<String>,
    /// Server clock minus ours.
    pub(super) skew: Option<i64>,
    pub(super) recording: bool,
}

impl Follow {
    /// A receiver that follows nothing yet. `cursor` is the position of the page's first data; `seed` spreads the
    /// reconnects of many clients; `build` is the page's own build, to detect a newer server.
    pub fn new(cursor: Option<Cursor>, watch: bool, build: Option<String>, seed: u64) -> Self {
        Follow {
            jobs: BTreeMap::new(),
            summaries: BTreeMap::new(),
            watch,
            cursor,
            link: Link::new(seed),
            build,
            server_build: None,
            skew: None,
            recording: true,
        }
    }

    /// Starts with calls instead of a stream, because streams recently did not get through.
    pub fn prefer_calls(&mut self) {
        self.link.ask();
    }

    /// Whether messages arrive by calls, because streams do not get through.
    pub fn asks(&self) -> bool {
        self.link.asks()
    }

    /// Switches to short calls once a second, which hold no connection, or back to normal. Takes effect with the next
    /// source.
    pub fn crowded(&mut self, crowded: bool) {
        self.link.crowded = crowded;
    }

    /// Whether it makes short calls because other tabs of its browser hold the connections.
    pub fn is_crowded(&self) -> bool {
        self.link.crowded
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
        self.jobs.retain(|_, tracked| !tracked.is_revisited());
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
        effects.extend(self.say_asking(asked));
        if closed && mute {
            effects.push(FollowEffect::Probe { query: self.query() });
        }
        effects
    }

    /// Takes in the response to an [`FollowEffect::Ask`]: its body, or why there is none.
    pub fn answered(&mut self, now: Millis, generation: u64, answer: Result<&str, ApiError>) -> Vec<FollowEffect> {
        if !self.link.is_current(generation) {
            return Vec::new();
        }
        let messages = match messages_in(answer) {
            Ok(messages) => messages,
            Err(refusal) => {
                let effects = self.error(now, generation, false);
                self.refused(refusal);
                return effects;
            }
        };
        let (before, mut effects) = (self.cursor.clone(), Vec::new());
        for (text, id) in messages {
            effects.extend(self.message(now, generation, text, &id));
        }
        if !self.link.is_current(generation) {
            return effects;
        }
        if self.nothing_wanted() {
            effects.extend(self.tick(now));
        } else if self.link.answered(now, self.cursor != before) {
            effects.push(FollowEffect::Ask { generation, query: self.asking(link::ASK_WAIT_SECONDS) });
        }
        effects
    }

    /// Takes in why a call was not answered; `None` if its answer made no sense.
    pub(super) fn refused(&mut self, why: Option<ApiError>) {
        if let Some(error) = why {
            self.probed(Err(error));
        }
    }

    /// Takes in the response to an [`FollowEffect::Probe`].
    pub fn probed(&mut self, answer: Result<(), ApiError>) {
        if let Err(error) = answer
            && matches!(error.status(), 400 | 401 | 403)
        {
            self.link.refuse(error.to_string());
        }
    }

    /// Advances time. Call it about four times a second.
    pub fn tick(&mut self, now: Millis) -> Vec<FollowEffect> {
        if self.nothing_wanted() {
            return if self.link.close() { vec![FollowEffect::Close] } else { Vec::new() };
        }
        let asked = self.link.asks();
        let due = self.link.due(now);
        let mut effects = self.say_asking(asked);
        effects.extend(match due {
            link::Due::Nothing => Vec::new(),
            link::Due::Close => vec![FollowEffect::Close],
            link::Due::Open => self.open(now),
            link::Due::Ask(generation) => vec![FollowEffect::Ask { generation, query: self.asking(0) }],
        });
        effects
    }

    fn say_asking(&self, before: bool) -> Vec<FollowEffect> {
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
        self.link.hurry(now);
        self.tick(now)
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
    pub fn summaries(&self) -> BTreeMap<JobId, JobSummary> {
        let mut all = self.summaries.clone();
        let folded = self.jobs.iter().filter_map(|(job, tracked)| Some((*job, JobSummary::from(tracked.fold()?))));
        all.extend(folded.filter(|(job, _)| self.jobs.get(job).is_some_and(|tracked| !tracked.is_stopped())));
        all
    }

    /// Adds the summaries that the page was rendered with.
    pub fn know(&mut self, summaries: Vec<JobSummary>) {
        for summary in summaries {
            self.summaries.entry(summary.job).or_insert(summary);
        }
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

    /// When the last message arrived, if the server has fallen silent. `state` is the link's state at `now`.
    pub fn lost_since(&self, now: Millis, state: &LinkState) -> Option<Millis> {
        self.link.lost_since(now, state)
    }

    /// Server time minus `now`, once the server has sent its time.
    pub fn skew(&self) -> Option<i64> {
        self.skew
    }

    /// Whether the server can record events.
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// Whether the page should reload: it met an unknown event, or the server runs another build and every followed job
    /// is closed.
    pub fn wants_reload(&self) -> bool {
        let other = matches!((&self.build, &self.server_build), (Some(ours), Some(theirs)) if ours != theirs);
        let unknown = self.jobs.values().any(|tracked| tracked.met_unknown());
        unknown || (other && self.jobs.values().all(Tracked::is_closed))
    }

    pub(super) fn with(&mut self, job: JobId, act: impl FnOnce(&mut Tracked)) {
        if let Some(tracked) = self.jobs.get_mut(&job) {
            act(tracked);
        }
    }

    fn nothing_wanted(&self) -> bool {
        !self.watch && self.jobs.values().all(|tracked| tracked.is_closed() || tracked.is_stopped())
    }

    /// Whether no source is wanted now: the page sleeps, is refused, or has nothing to hear of.
    pub fn is_resting(&self, now: Millis) -> bool {
        self.nothing_wanted() || self.link.is_resting(now)
    }

    /// The jobs that the next source is asked for, and whether each is held at the cursor.
    pub fn asked_jobs(&self) -> impl Iterator<Item = (JobId, bool)> + '_ {
        let has_cursor = self.cursor.is_some();
        self.jobs.iter().filter_map(move |(job, tracked)| Some((*job, tracked.ask(has_cursor)? == "held")))
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

    /// The query string of a call that waits this long for news.
    pub(super) fn asking(&self, seconds: u64) -> String {
        format!("{}&wait={seconds}", self.query())
    }

    /// The query string of the next source.
    pub fn query(&self) -> String {
        let mut parts = Vec::new();
        if self.watch {
            parts.push("watch=jobs".to_owned());
        }
        for (job, tracked) in &self.jobs {
            if let Some(word) = tracked.ask(self.cursor.is_some()) {
                parts.push(format!("{word}={job}"));
            }
        }
        parts.extend(self.cursor.iter().map(|cursor| format!("after={cursor}")));
        parts.join("&")
    }
}

/// The messages in the response to a call, each with its event id. The error is why there is no response; `None` if the response is
/// damaged.
pub(super) fn messages_in(answer: Result<&str, ApiError>) -> Result<Vec<(&str, String)>, Option<ApiError>> {
    crate::message::messages(answer.map_err(Some)?).map_err(|_| None)
}
