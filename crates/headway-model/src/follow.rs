//! The receiving side of the protocol, as a state machine without IO. Messages, errors and time go in; a fold for each
//! followed job, effects for the driver, and the state of the link come out.
//!
//! A driver (around the browser's `EventSource`, a terminal, a test) performs each [`Effect`] and reports back with the
//! generation it was given. Reports from older sources are dropped.

mod link;
mod tracked;

use std::collections::BTreeMap;

pub use link::LinkState;
pub use tracked::{HealReason, Phase, Proof, Tracked};

use super::cursor::Cursor;
use super::error::ApiError;
use super::event::Recorded;
use super::id::{JobId, Millis};
use super::message::{Closed, ClosedHow, Events, GoneReason, Hello, Message, Ping, Reset, SnapshotMessage};
use super::summary::JobSummary;
use link::{Link, Transport};
use tracked::Reception;

/// Maximum number of jobs that one stream follows.
pub const JOBS_LIMIT: usize = 16;

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Open a stream with this query string, and report its messages with this generation.
    Open {
        /// Identifies this source in reports.
        generation: u64,
        /// The query string of `/api/events`.
        query: String,
    },
    /// Make one call with this query string, which includes how long to wait, and report its response with this
    /// generation. Used where streams do not get through.
    Ask {
        /// Identifies this source in reports.
        generation: u64,
        /// The query string of `/api/events`.
        query: String,
    },
    /// Close the open stream, or abort the pending call.
    Close,
    /// Fetch the same URL once with `wait=0` and report the response: the source was refused, and only the response
    /// says why.
    Probe {
        /// The query string of `/api/events`.
        query: String,
    },
    /// A line for the console.
    Log(String),
    /// A job reached a terminal status. Emitted once for each followed job.
    Finished(JobId),
}

/// The receiving side. Times are in milliseconds on the caller's clock, which can start anywhere but never goes back.
#[derive(Debug, Clone)]
pub struct Follow {
    jobs: BTreeMap<JobId, Tracked>,
    summaries: BTreeMap<JobId, JobSummary>,
    watch: bool,
    cursor: Option<Cursor>,
    link: Link,
    build: Option<String>,
    server_build: Option<String>,
    /// Server clock minus ours.
    skew: Option<i64>,
    recording: bool,
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

    /// Opens the stream, at once or as soon as there is something to follow.
    pub fn start(&mut self, now: Millis) -> Vec<Effect> {
        self.link.begin(now);
        self.open(now)
    }

    /// Follows one more job, which need not exist yet. Takes effect at once.
    pub fn follow(&mut self, now: Millis, job: JobId) -> Vec<Effect> {
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
    pub fn revisit(&mut self, now: Millis, job: JobId) -> Vec<Effect> {
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
    pub fn unfollow(&mut self, now: Millis, job: JobId) -> Vec<Effect> {
        match self.jobs.remove(&job) {
            Some(tracked) if self.link.started() && !tracked.is_closed() => self.open(now),
            _ => Vec::new(),
        }
    }

    /// Takes in a message from the source `generation`, with its event id (empty for none).
    pub fn message(&mut self, now: Millis, generation: u64, text: &str, id: &str) -> Vec<Effect> {
        let asked = self.link.asks();
        if !self.link.heard(now, generation) {
            return Vec::new();
        }
        let message = match Message::decode(text) {
            Ok(message) => message,
            // A truncated or foreign message cannot be trusted, so ask again from the last good cursor.
            Err(error) => {
                let mut effects = vec![Effect::Log(format!("[stream] {error}; reopening"))];
                effects.extend(self.open(now));
                return effects;
            }
        };
        let mut effects = Vec::new();
        if asked && !self.link.asks() {
            effects.push(Effect::Log("[stream] a stream gets through again".into()));
        }
        let lost = match message {
            Message::Hello(hello) => self.hello(now, hello),
            Message::Snapshot(snapshot) => self.snapshot(*snapshot, &mut effects),
            Message::Events(events) => self.events(&events, &mut effects),
            Message::Summaries(news) => {
                for summary in news.summaries {
                    if summary.pruned {
                        self.summaries.remove(&summary.job);
                    } else {
                        self.summaries.insert(summary.job, summary);
                    }
                }
                None
            }
            Message::Now(news) => {
                if let Some(tracked) = self.jobs.get_mut(&news.job) {
                    tracked.now = Some(news);
                }
                None
            }
            Message::Absent(absent) => {
                self.with(absent.job, Tracked::absent);
                None
            }
            Message::CaughtUp(_) => {
                self.link.caught_up();
                None
            }
            Message::Ping(ping) => {
                // A ping carries an id only once the connection has caught up; the `caught_up` message might have been
                // lost.
                if !id.is_empty() {
                    self.link.caught_up();
                }
                self.ping(now, &ping)
            }
            Message::Reset(reset) => self.reset(now, &reset, &mut effects),
            Message::Closed(closed) => self.closed(&closed),
            Message::Unknown(kind) => {
                effects.push(Effect::Log(format!("[stream] a message of unknown kind {kind:?}: reload the page")));
                None
            }
        };
        match lost {
            Some((job, reason)) => effects.extend(self.heal(now, job, reason)),
            // Only a message that was accepted moves the cursor.
            None => self.cursor = id.parse().ok().or(self.cursor.take()),
        }
        effects
    }

    /// The source `generation` failed. `closed` means that it was refused and the browser will not retry by itself.
    pub fn error(&mut self, now: Millis, generation: u64, closed: bool) -> Vec<Effect> {
        if !self.link.is_current(generation) {
            return Vec::new();
        }
        let asked = self.link.asks();
        let mute = self.link.failed(now);
        let mut effects = vec![Effect::Close];
        effects.extend(self.say_asking(asked));
        if closed && mute {
            effects.push(Effect::Probe { query: self.query() });
        }
        effects
    }

    /// Takes in the response to an [`Effect::Ask`]: its body, or why there is none.
    pub fn answered(&mut self, now: Millis, generation: u64, answer: Result<&str, ApiError>) -> Vec<Effect> {
        if !self.link.is_current(generation) {
            return Vec::new();
        }
        let messages = match answer.map(super::message::messages) {
            Ok(Ok(messages)) => messages,
            Ok(Err(_)) => return self.error(now, generation, false),
            Err(error) => {
                let effects = self.error(now, generation, false);
                self.probed(Err(error));
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
            effects.push(Effect::Ask { generation, query: self.asking(link::ASK_WAIT_SECONDS) });
        }
        effects
    }

    /// Takes in the response to an [`Effect::Probe`].
    pub fn probed(&mut self, answer: Result<(), ApiError>) {
        if let Err(error) = answer
            && matches!(error.status(), 400 | 401 | 403)
        {
            self.link.refuse(error.to_string());
        }
    }

    /// Advances time. Call it about four times a second.
    pub fn tick(&mut self, now: Millis) -> Vec<Effect> {
        if self.nothing_wanted() {
            return if self.link.close() { vec![Effect::Close] } else { Vec::new() };
        }
        let asked = self.link.asks();
        let due = self.link.due(now);
        let mut effects = self.say_asking(asked);
        effects.extend(match due {
            link::Due::Nothing => Vec::new(),
            link::Due::Close => vec![Effect::Close],
            link::Due::Open => self.open(now),
        });
        effects
    }

    fn say_asking(&self, before: bool) -> Vec<Effect> {
        let now = !before && self.link.asks();
        now.then(|| Effect::Log("[stream] no stream gets through; polling with calls instead".into()))
            .into_iter()
            .collect()
    }

    /// The page was shown (or thawed) or hidden.
    pub fn visible(&mut self, now: Millis, visible: bool) -> Vec<Effect> {
        self.link.visible(now, visible);
        if visible { self.tick(now) } else { Vec::new() }
    }

    /// The network came back: reconnects at once.
    pub fn online(&mut self, now: Millis) -> Vec<Effect> {
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

    fn hello(&mut self, now: Millis, hello: Hello) -> Option<(JobId, HealReason)> {
        self.skew = Some(hello.now as i64 - now as i64);
        self.recording = hello.recording;
        self.server_build = Some(hello.build);
        None
    }

    fn snapshot(&mut self, message: SnapshotMessage, effects: &mut Vec<Effect>) -> Option<(JobId, HealReason)> {
        let job = message.job;
        let tracked = self.jobs.get_mut(&job).filter(|tracked| !tracked.is_stopped())?;
        match tracked.replace(message) {
            Ok(()) => tracked.tell(&job, effects),
            Err(reason) => return Some((job, reason)),
        }
        None
    }

    /// Applies the whole message or, if any event does not follow on, none of it.
    fn events(&mut self, events: &Events, effects: &mut Vec<Effect>) -> Option<(JobId, HealReason)> {
        let mut due = BTreeMap::new();
        let mut read: Vec<(JobId, Recorded, &str)> = Vec::new();
        for frame in &events.frames {
            let Some(tracked) = self.jobs.get_mut(&frame.job) else { continue };
            if !tracked.is_folding() {
                continue;
            }
            let due = due.entry(frame.job).or_insert_with(|| tracked.due());
            for raw in &frame.events {
                let recorded = match Recorded::decode(raw.get()) {
                    Ok(recorded) => recorded,
                    Err(error) => {
                        effects.push(Effect::Log(format!("[JOB {}] {error}: reload the page", frame.job)));
                        tracked.stop_unknown();
                        break;
                    }
                };
                if recorded.seq > *due {
                    return Some((frame.job, HealReason::Gap));
                }
                if recorded.seq == *due {
                    *due += 1;
                    read.push((frame.job, recorded, raw.get()));
                }
            }
        }
        for (job, recorded, payload) in read {
            let Some(tracked) = self.jobs.get_mut(&job) else { continue };
            match tracked.fold_in(&recorded, payload) {
                Reception::Taken => tracked.tell(&job, effects),
                Reception::Refused(refusal) => {
                    effects.push(Effect::Log(format!("[JOB {job}] event {} refused: {refusal}", recorded.seq)));
                    return Some((job, HealReason::Refused));
                }
            }
        }
        None
    }

    fn ping(&mut self, now: Millis, ping: &Ping) -> Option<(JobId, HealReason)> {
        self.skew = Some(ping.now as i64 - now as i64);
        self.recording = ping.recording;
        let caught_up = self.link.is_caught_up();
        for (job, (sent, digest, last)) in &ping.jobs {
            if let Some(tracked) = self.jobs.get_mut(job)
                && let Err(reason) = tracked.check(now, *sent, digest, *last, caught_up)
            {
                return Some((*job, reason));
            }
        }
        None
    }

    fn reset(&mut self, now: Millis, reset: &Reset, effects: &mut Vec<Effect>) -> Option<(JobId, HealReason)> {
        let reason = HealReason::Reset(reset.reason);
        effects
            .push(Effect::Log(format!("[stream] the cursor could not be honoured ({reason}); taking fresh snapshots")));
        if reset.reason != super::message::ResetReason::Far {
            self.cursor = None;
            self.summaries.clear();
        }
        for job in &reset.jobs {
            self.with(*job, |tracked| {
                if reset.reason == super::message::ResetReason::Far {
                    tracked.expect_snapshot(now, reason);
                } else {
                    // Counted as a heal: repeated resets mean that two logs alternate, or that one is being rewritten.
                    let next = tracked.heal(now, reason);
                    effects.push(Effect::Log(format!("[JOB {job}] {reason}; {next}")));
                }
            });
        }
        None
    }

    fn closed(&mut self, closed: &Closed) -> Option<(JobId, HealReason)> {
        let tracked = self.jobs.get_mut(&closed.job)?;
        match &closed.how {
            ClosedHow::Ended { seq, fold, .. } => tracked.close(*seq, fold).err().map(|reason| (closed.job, reason)),
            ClosedHow::Gone { reason } => {
                tracked.gone(*reason);
                // The job is still wanted and might yet appear, so a later connection asks again.
                if *reason == GoneReason::Absent {
                    self.link.reopen_in(2_000);
                }
                None
            }
        }
    }

    fn heal(&mut self, now: Millis, job: JobId, reason: HealReason) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.with(job, |tracked| {
            let next = tracked.heal(now, reason);
            effects.push(Effect::Log(format!("[JOB {job}] {reason}; {next}")));
        });
        effects.extend(self.open(now));
        effects
    }

    fn with(&mut self, job: JobId, act: impl FnOnce(&mut Tracked)) {
        if let Some(tracked) = self.jobs.get_mut(&job) {
            act(tracked);
        }
    }

    fn nothing_wanted(&self) -> bool {
        !self.watch && self.jobs.values().all(|tracked| tracked.is_closed() || tracked.is_stopped())
    }

    fn open(&mut self, now: Millis) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.link.close() {
            effects.push(Effect::Close);
        }
        if !self.nothing_wanted()
            && let Some((generation, transport)) = self.link.open(now)
        {
            effects.push(match transport {
                Transport::Stream => Effect::Open { generation, query: self.query() },
                // The first call returns at once with what there is.
                Transport::Calls => Effect::Ask { generation, query: self.asking(0) },
            });
        }
        effects
    }

    fn asking(&self, seconds: u64) -> String {
        format!("{}&wait={seconds}", self.query())
    }

    fn query(&self) -> String {
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

#[cfg(test)]
mod tests;
