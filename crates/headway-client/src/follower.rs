//! Drives [`headway_model::follow`] over real connections.

mod connection;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::{Client, ClientError};
use connection::{ConnectionReport, ask, stream};
use headway_model::follow::{Follow, FollowEffect, LinkState, Phase, Tracked};
use headway_model::{ApiError, Cursor, JobId, JobSummary, Millis};

/// How often the receiver's clock advances.
const TICK: Duration = Duration::from_millis(250);

/// Capacity for messages that have arrived and are not taken in yet. A slow reader holds up the stream; it does not
/// fill memory.
const QUEUE: usize = 16;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A message of the server was taken in; this is its unchanged text.
    Message(String),
    /// A remark of the receiver, such as that a gap is being healed.
    Note(String),
    /// A job ended, and the server has confirmed that nothing of it is missing.
    Ended(JobId),
    /// Some time has passed: the state of the link might have changed.
    Tick,
}

/// Follows jobs over as many connections as it takes.
pub struct Follower {
    client: Client,
    follow: Follow,
    begun: Instant,
    tick: Interval,
    reports: mpsc::Receiver<ConnectionReport>,
    reporter: mpsc::Sender<ConnectionReport>,
    source: Option<AbortHandle>,
    news: VecDeque<News>,
    /// Followed jobs whose end has not been reported yet.
    open: Vec<JobId>,
    refused: Option<ApiError>,
}

impl Follower {
    pub(crate) fn new(client: Client, after: Option<Cursor>, jobs: &[JobId]) -> Self {
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        let mut follow = Follow::new(after, false, None, seed);
        jobs.iter().for_each(|job| drop(follow.follow(0, *job)));
        let (reporter, reports) = mpsc::channel(QUEUE);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut follower = Follower {
            client,
            follow,
            begun: Instant::now(),
            tick,
            reports,
            reporter,
            source: None,
            news: VecDeque::new(),
            open: jobs.to_vec(),
            refused: None,
        };
        let effects = follower.follow.start(0);
        follower.perform(effects);
        follower
    }

    /// What happens next. Can be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            tokio::select! {
                biased;
                // `reporter` is a sender, so the channel is never closed.
                Some(report) = self.reports.recv() => self.take_in(report),
                _ = self.tick.tick() => {
                    let effects = self.follow.tick(self.now());
                    self.perform(effects);
                    self.news.push_back(News::Tick);
                }
            }
        }
    }

    /// Waits for the end of a followed job.
    ///
    /// # Errors
    /// If the server refuses this client, or the job's history was removed.
    pub async fn end(&mut self, job: JobId) -> Result<JobSummary, ClientError> {
        loop {
            if let Some(tracked) = self.follow.job(&job).filter(|tracked| tracked.proof().closed)
                && let Some(fold) = tracked.fold()
            {
                return Ok(JobSummary::from(fold));
            }
            self.check_followed(job)?;
            self.next().await;
        }
    }

    /// Whether a job can still be followed to its end.
    ///
    /// # Errors
    /// Why not.
    pub fn check_followed(&self, job: JobId) -> Result<(), ClientError> {
        let lost = |why: &str| Err(ClientError::Lost { job, why: why.to_owned() });
        match self.follow.job(&job).map(Tracked::phase) {
            None => lost("it is not followed"),
            Some(Phase::Pruned) => lost("its history was removed"),
            Some(Phase::SetAside) => {
                lost("it is set aside, because its events cannot be read; `headway doctor` says what can be done")
            }
            Some(Phase::Stopped) => lost("what the server sends of it does not fit together; look at it with `show`"),
            Some(_) => match &self.refused {
                Some(error) => Err(ClientError::Refused(error.clone())),
                None => Ok(()),
            },
        }
    }

    /// What is known about a job.
    pub fn job(&self, job: &JobId) -> Option<&Tracked> {
        self.follow.job(job)
    }

    /// The state of the link.
    pub fn link(&mut self) -> LinkState {
        let now = self.now();
        self.follow.link(now)
    }

    /// The server's clock minus this machine's, in milliseconds; 0 until it is known.
    pub fn skew(&self) -> i64 {
        let own = crate::now().cast_signed() - self.now().cast_signed();
        self.follow.skew().map_or(0, |skew| skew - own)
    }

    /// Whether the server can record events.
    pub fn is_recording(&self) -> bool {
        self.follow.is_recording()
    }

    fn now(&self) -> Millis {
        self.begun.elapsed().as_millis() as Millis
    }

    fn take_in(&mut self, report: ConnectionReport) {
        let now = self.now();
        let effects = match report {
            ConnectionReport::Message { generation, text, id } => {
                let effects = self.follow.message(now, generation, &text, &id);
                self.news.push_back(News::Message(text));
                effects
            }
            ConnectionReport::Ended { generation, error } => {
                let effects = self.follow.error(now, generation, error.is_some());
                if let Some(error) = error {
                    self.probed(error);
                }
                effects
            }
            ConnectionReport::Answer { generation, answer } => match answer {
                Ok(body) => {
                    let effects = self.follow.answered(now, generation, Ok(&body));
                    let texts = headway_model::message::messages(&body).unwrap_or_default();
                    self.news.extend(texts.into_iter().map(|(text, _)| News::Message(text.to_owned())));
                    effects
                }
                Err(error) => self.follow.answered(now, generation, Err(error)),
            },
        };
        self.perform(effects);
        self.report_ends();
    }

    /// Takes in why a stream was refused. The answer already says it, so nothing more is fetched.
    fn probed(&mut self, error: ApiError) {
        if matches!(error.status(), 400 | 401 | 403) {
            self.refused = Some(error.clone());
        }
        self.follow.probed(Err(error));
    }

    /// Reports the ends that the server has confirmed.
    fn report_ends(&mut self) {
        let (follow, news) = (&self.follow, &mut self.news);
        self.open.retain(|job| {
            let closed = follow.job(job).is_some_and(|tracked| tracked.proof().closed);
            if closed {
                news.push_back(News::Ended(*job));
            }
            !closed
        });
    }

    fn perform(&mut self, effects: Vec<FollowEffect>) {
        for effect in effects {
            match effect {
                FollowEffect::Open { generation, query } => {
                    let (client, reporter) = (self.client.clone(), self.reporter.clone());
                    self.replace(tokio::spawn(stream(client, generation, query, reporter)).abort_handle());
                }
                FollowEffect::Ask { generation, query } => {
                    let (client, reporter) = (self.client.clone(), self.reporter.clone());
                    self.replace(tokio::spawn(ask(client, generation, query, reporter)).abort_handle());
                }
                FollowEffect::Close => self.close(),
                FollowEffect::Probe { .. } | FollowEffect::Finished(_) => {}
                FollowEffect::Log(text) => self.news.push_back(News::Note(text)),
            }
        }
    }

    fn replace(&mut self, source: AbortHandle) {
        self.close();
        self.source = Some(source);
    }

    fn close(&mut self) {
        self.source.take().into_iter().for_each(|source| source.abort());
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.close();
    }
}
