//! Follows a job to its end, however often the link breaks: for `run`, `watch`, `retry`, `undo` and `resume`.

mod ending;
mod events;
mod leave;
mod next_step;
mod results;
mod wait;

use std::time::{Duration, Instant};

use super::failure::{CommandFailure, CommandResult, NOT_BEGUN, TIMED_OUT, WAITS};
use super::out;
use super::program_output::ProgramOutput;
use super::session::Session;
use super::show::{JobDisplay, ProgressMode, View};
use super::signals::Signals;
use super::text::tail;
use clap::ValueEnum;
pub(super) use ending::{exit_code, plain, verdict};
use headway_client::{Follower, News};
use headway_model::{Action, JobId, JobStatus, PauseReason, Seq};
pub(super) use leave::interrupted;
pub(super) use wait::KnownWait;

/// How long a job can make no progress before this command asks the server what it waits for, and how often it asks again.
const STILL: Duration = Duration::from_secs(6);

/// What `--json` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Json {
    /// Each event as it is in the log, then the end
    All,
    /// The end alone
    End,
}

/// When following a job is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Until {
    /// The job is over
    End,
    /// Its files are being processed, or it is over
    Running,
    /// It is paused, or over
    Paused,
}

/// How a job is followed.
pub(super) struct Following {
    pub(super) json: Option<Json>,
    pub(super) quiet: bool,
    pub(super) progress: ProgressMode,
    pub(super) said: Option<ProgramOutput>,
    pub(super) until: Until,
    /// Maximum time to follow it.
    pub(super) limit: Option<Duration>,
    /// Whether the job is this command's own. Such a job is paused when the command is interrupted, and the command
    /// finds or becomes a server that works on it.
    pub(super) owns: bool,
    /// The action by which this command had the job go on: the wait that it ends does not end the command.
    pub(super) action: Option<Action>,
    pub(super) fail_if_empty: bool,
}

impl Following {
    /// Follows a job to its end, as this command's own, and shows its progress.
    pub(super) fn to_its_end(runs_programs: bool) -> Self {
        Following {
            json: None,
            quiet: false,
            progress: ProgressMode::Auto,
            said: runs_programs.then(|| ProgramOutput::new(false, false)),
            until: Until::End,
            limit: None,
            owns: true,
            action: None,
            fail_if_empty: false,
        }
    }
}

/// A job that is being followed.
pub(super) struct Followed<'a> {
    session: &'a mut Session,
    follower: Follower,
    job: JobId,
    how: Following,
    show: JobDisplay,
    /// The last event that was looked at.
    seen: Seq,
    /// The exit code of a signal that asked for the end.
    signal: Option<u8>,
    /// The pause that was last reported, while it lasts.
    told_pause: Option<PauseReason>,
    /// When to ask the server next what the job waits for, unless there are events after this one.
    asks_wait: (Instant, Seq),
    /// What was last reported that the job waits for.
    told_wait: Option<String>,
}

/// How following a job ended.
pub(super) struct FollowEnd {
    /// The exit code.
    pub(super) code: u8,
    /// Whether the job is over. It goes on, waits or is paused if not.
    pub(super) is_over: bool,
}

/// Follows a job.
pub(super) async fn follow(
    session: &mut Session,
    follower: Follower,
    job: JobId,
    how: Following,
) -> Result<FollowEnd, CommandFailure> {
    let show = JobDisplay::new(if how.quiet { ProgressMode::None } else { how.progress });
    let mut followed = Followed {
        session,
        follower,
        job,
        how,
        show,
        seen: 0,
        signal: None,
        told_pause: None,
        asks_wait: (Instant::now() + STILL, 0),
        told_wait: None,
    };
    let ended = followed.run_on().await;
    followed.show.end();
    let fold = followed.follower.job(&job).and_then(|tracked| tracked.fold());
    let is_over = fold.is_some_and(|fold| fold.status.is_terminal());
    ended.map(|code| FollowEnd { code, is_over })
}

/// Reports that no server works on a job, and which command starts that work.
pub(super) fn not_worked_on(session: &Session, job: JobId) -> String {
    let resume = session.command_on("resume", job);
    format!("no server works on job {}; to go on: {resume}", tail(job))
}

impl Followed<'_> {
    async fn run_on(&mut self) -> CommandResult {
        let mut signals = match self.session.signals.take() {
            Some(signals) => signals,
            None => Signals::new()?,
        };
        let limit = self.how.limit.map(|limit| tokio::time::Instant::now() + limit);
        let over = async {
            match limit {
                Some(limit) => tokio::time::sleep_until(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            let ended = tokio::select! {
                code = signals.next() => self.signalled(code).await?,
                () = &mut over => {
                    self.report("the time is up; the job goes on");
                    Some(TIMED_OUT)
                }
                news = self.follower.next() => self.take_in(news).await?,
            };
            if let Some(code) = ended {
                return Ok(code);
            }
        }
    }

    /// Returns the exit code once there is nothing more to follow.
    async fn take_in(&mut self, news: News) -> Result<Option<u8>, CommandFailure> {
        match news {
            News::Message(text) => self.message(&text).await?,
            News::Note(text) => tracing::debug!("{text}"),
            News::Tick => self.tick().await?,
            News::Ended(job) if job == self.job => {
                self.pass_on().await?;
                return self.ended().await.map(Some);
            }
            News::Ended(_) => {}
        }
        self.pass_on().await?;
        let cannot = |error| CommandFailure::from(error).or_code(NOT_BEGUN);
        self.follower.check_followed(self.job).map_err(cannot)?;
        self.waits().await
    }

    /// Shows the job's progress, and becomes the server if the previous one has ended.
    async fn tick(&mut self) -> Result<(), CommandFailure> {
        if self.how.owns && !self.follower.link().is_heard() {
            self.stand_in().await?;
        }
        let link = self.follower.link();
        let Some(tracked) = self.follower.job(&self.job) else { return Ok(()) };
        let Some(fold) = tracked.fold() else { return Ok(()) };
        self.show.update(&View { fold, running: tracked.running(), link });
        Ok(())
    }

    /// Becomes the server, if there is none. Without the job's recipe this command leaves the job to a process that has it, and
    /// ends, because it would keep that process from the data folder.
    async fn stand_in(&mut self) -> Result<(), CommandFailure> {
        let fold = self.follower.job(&self.job).and_then(|tracked| tracked.fold());
        // Whoever is the server ends a job that is cancelled.
        let recipe = fold.filter(|fold| fold.status != JobStatus::Cancelling).map(|fold| &fold.recipe);
        if let Some(recipe) = recipe.filter(|recipe| self.session.lacks(recipe)) {
            let text = format!(
                "the server that worked on job {} has ended, and this command has no recipe {recipe:?}, so the job stays as it is; \
                 go on, with --config and the file that defines the recipe: {}",
                tail(self.job),
                self.session.command_on("resume", self.job)
            );
            return Err(CommandFailure::new(WAITS, text));
        }
        self.session.stand_in().await;
        Ok(())
    }

    fn json(&self, value: &serde_json::Value) -> Result<(), CommandFailure> {
        if self.how.json == Some(Json::All) { out::line(&value.to_string()) } else { Ok(()) }
    }

    /// Reports why the command ended, even if it is quiet, unless the job succeeded.
    fn report(&self, text: &str) {
        self.show.write_line(text);
    }
}
