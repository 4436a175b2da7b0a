//! Follows a job to its end, however often the link breaks: for `run`, `watch`, `retry`, `undo` and `resume`.

use std::time::Duration;

use clap::ValueEnum;
use serde_json::json;

use super::failure::{Ended, Failure};
use super::out::{self, count, say, time};
use super::said::{self, Said};
use super::session::Session;
use super::show::{Progress, Show, View};
use super::signals::Signals;
use headway_client::{Follower, News};
use headway_model::event::Recorded;
use headway_model::{Action, Counters, EndReason, Fold, JobEvent, JobId, JobStatus, Message, PauseReason, Seq};

/// The job failed as a whole, or there was nothing to do where there had to be something.
pub(super) const AS_A_WHOLE: u8 = 102;
/// The job was cancelled by somebody else.
const CANCELLED: u8 = 103;
/// The job waits for a person.
const WAITS: u8 = 104;
/// The time given with `--timeout` is over; the job goes on.
const TIMED_OUT: u8 = 124;
/// The command did not begin, or the job cannot be followed.
pub(super) const NOT_BEGUN: u8 = 255;

/// What is written for programs.
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
    pub(super) progress: Progress,
    pub(super) said: Option<Said>,
    pub(super) until: Until,
    /// How long at the most.
    pub(super) limit: Option<Duration>,
    /// Whether the job is this command's own: it is paused when the command is interrupted, and brought to a server that works on it.
    pub(super) owns: bool,
    pub(super) fail_if_empty: bool,
}

/// A job that is being followed.
pub(super) struct Followed<'a> {
    session: &'a mut Session,
    follower: Follower,
    job: JobId,
    how: Following,
    show: Show,
    /// The last event that was looked at.
    seen: Seq,
    /// The exit code of a signal that asked for the end.
    signal: Option<u8>,
}

/// Follows a job.
pub(super) async fn follow(session: &mut Session, follower: Follower, job: JobId, how: Following) -> Ended {
    let show = Show::new(if how.quiet { Progress::None } else { how.progress });
    let mut followed = Followed { session, follower, job, how, show, seen: 0, signal: None };
    let ended = followed.run_on().await;
    followed.show.end();
    ended
}

/// The last six characters of a job's id, which people name it by.
pub(super) fn tail(job: JobId) -> String {
    let id = job.to_string();
    id[id.len() - 6..].to_owned()
}

impl Followed<'_> {
    async fn run_on(&mut self) -> Ended {
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
                    self.say("the time is over; the job goes on");
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
    async fn take_in(&mut self, news: News) -> Result<Option<u8>, Failure> {
        match news {
            News::Message(text) => self.message(&text).await?,
            News::Note(text) => tracing::debug!("{text}"),
            News::Tick => self.tick().await,
            News::Ended(job) if job == self.job => {
                self.pass_on().await?;
                return self.ended().map(Some);
            }
            News::Ended(_) => {}
        }
        self.pass_on().await?;
        let cannot = |error| Failure::from(error).or_code(NOT_BEGUN);
        self.follower.is_followed(self.job).map_err(cannot)?;
        self.waits().await
    }

    /// Looks at the events of a message that are new in the fold.
    async fn message(&mut self, text: &str) -> Result<(), Failure> {
        match Message::decode(text) {
            // Another connection, perhaps to another server, which works on the job only if it is told to.
            Ok(Message::Hello(_)) if self.how.owns => {
                if let Err(error) = self.session.client.adopt(self.job).await {
                    tracing::debug!(%error, "the job is not there yet, or the link broke again");
                }
            }
            Ok(Message::Snapshot(snapshot)) if snapshot.job == self.job => {
                self.seen = snapshot.seq;
                let fold = self.follower.job(&self.job).and_then(|tracked| tracked.fold());
                if let (Some(fold), Some(said)) = (fold, &mut self.how.said) {
                    said.catch_up(fold);
                }
                self.json(&json!({"v": 1, "kind": "snapshot", "job": self.job, "seq": snapshot.seq, "digest": snapshot.digest}))?;
            }
            Ok(Message::Events(events)) => {
                let job = self.job;
                for frame in events.frames.iter().filter(|frame| frame.job == job) {
                    for raw in &frame.events {
                        self.event(raw.get()).await?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn event(&mut self, raw: &str) -> Result<(), Failure> {
        let Ok(recorded) = Recorded::decode(raw) else { return Ok(()) };
        let folded = self.follower.job(&self.job).and_then(|tracked| tracked.fold()).map_or(0, |fold| fold.seq);
        // What was not folded comes again.
        if recorded.seq <= self.seen || recorded.seq > folded {
            return Ok(());
        }
        self.seen = recorded.seq;
        if self.how.json == Some(Json::All) {
            // As it is in the log.
            out::line(&format!(r#"{{"v":1,"kind":"event","job":"{}","event":{raw}}}"#, self.job))?;
        }
        match &recorded.event {
            JobEvent::Succeeded { item, .. } | JobEvent::Skipped { item, .. } => self.item_ended(*item),
            JobEvent::Failed { item, message, reason, .. } => {
                self.item_ended(*item);
                if self.show.wants_failure() {
                    let path = said::path(&self.session.client, self.job, *item).await.ok().flatten();
                    let path = path.map_or_else(|| format!("file {}", item + 1), |path| path.shown());
                    let why = if message.is_empty() { reason.text() } else { message };
                    self.show.tell(&format!("      ✗ {path}  {}", plain(why)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn item_ended(&mut self, item: u32) {
        self.how.said.iter_mut().for_each(|said| said.ended(item));
    }

    /// Writes what attempts that have ended said.
    async fn pass_on(&mut self) -> Result<(), Failure> {
        let Some(said) = &mut self.how.said else { return Ok(()) };
        loop {
            let Some(fold) = self.follower.job(&self.job).and_then(|tracked| tracked.fold()) else { return Ok(()) };
            let Some(item) = said.due(fold) else { return Ok(()) };
            match said.read(&self.session.client, self.job, item).await {
                Ok((stdout, stderr)) => self.show.aside(|| {
                    if !stderr.is_empty() {
                        say(stderr.trim_end_matches('\n'));
                    }
                    out::bytes(stdout.as_bytes())
                })?,
                Err(failure) => self.show.tell(&format!(
                    "what file {} said cannot be read: {}",
                    item + 1,
                    failure.text.unwrap_or_default()
                )),
            }
        }
    }

    /// Shows how far the job is, and stands in for a server that has ended.
    async fn tick(&mut self) {
        let link = self.follower.link();
        if self.how.owns && !link.is_heard() {
            self.session.stand_in().await;
        }
        let Some(tracked) = self.follower.job(&self.job) else { return };
        let Some(fold) = tracked.fold() else { return };
        self.show.update(&View { fold, running: tracked.running(), link });
    }

    /// Whether the job has come to where it need not be followed any further.
    async fn waits(&mut self) -> Result<Option<u8>, Failure> {
        let Some(fold) = self.follower.job(&self.job).and_then(|tracked| tracked.fold()) else { return Ok(None) };
        let (status, counters) = (fold.status, fold.counters);
        let paused = matches!(status, JobStatus::Paused { .. });
        if let Some(code) = self.signal.filter(|_| paused && counters.running == 0) {
            self.say(&format!("paused; go on: headway resume {}", tail(self.job)));
            return Ok(Some(code));
        }
        match self.how.until {
            Until::Running if status == JobStatus::Processing => return Ok(Some(0)),
            Until::Paused if paused => return Ok(Some(0)),
            Until::End | Until::Running | Until::Paused => {}
        }
        let (why, what) = match status {
            JobStatus::Paused { reason: PauseReason::Interrupted } => {
                ("some files were being processed when a server ended; look at them", "resume")
            }
            JobStatus::Paused { reason: PauseReason::Stuck } => ("the server could not go on with it", "resume"),
            JobStatus::Planned => ("its plan waits for approval", "approve"),
            _ => return Ok(None),
        };
        if !self.how.owns || counters.running > 0 {
            return Ok(None);
        }
        self.say(&format!("{why}, then: headway {what} {}", tail(self.job)));
        Ok(Some(WAITS))
    }

    /// A signal asks for the end: at first what runs may end, the second time nothing is waited for.
    async fn signalled(&mut self, code: u8) -> Result<Option<u8>, Failure> {
        if !self.how.owns {
            self.say("the job goes on");
            return Ok(Some(code));
        }
        if self.signal.replace(code).is_some() {
            let goes_on = format!("go on: headway resume {}", tail(self.job));
            match self.session.host.take() {
                Some(host) => {
                    host.end_now().await;
                    self.say(&format!("what ran was taken back; {goes_on}"));
                }
                None => self.say(&format!("the server ends what runs; {goes_on}")),
            }
            return Ok(Some(code));
        }
        match self.session.client.steer(self.job, Action::Pause).await {
            Ok(view) => self.say(&format!(
                "{} running; again ends them; go on: headway resume {}",
                view.summary.counters.running,
                tail(self.job)
            )),
            // It is over, or was never begun.
            Err(error) => {
                tracing::debug!(%error, "the job is not paused");
                return Ok(Some(code));
            }
        }
        self.waits().await
    }

    /// The job is over: says how, and returns the exit code.
    fn ended(&mut self) -> Ended {
        let Some(tracked) = self.follower.job(&self.job) else { return Ok(NOT_BEGUN) };
        let Some(fold) = tracked.fold() else { return Ok(NOT_BEGUN) };
        let mut code = exit_code(fold.status, &fold.counters);
        if fold.counters.total == 0 && self.how.fail_if_empty && code == 0 {
            code = AS_A_WHOLE;
        }
        let code = self.signal.filter(|_| fold.status == JobStatus::Cancelled).unwrap_or(code);
        let took = fold.ended.unwrap_or(fold.created).saturating_sub(fold.created);
        let proof = tracked.proof();
        let proved = match proof.base {
            0 => format!("proved: 1..{}, none missing", count(proof.seq)),
            base => format!("proved: snapshot at {}, then all up to {}", count(base), count(proof.seq)),
        };
        let text = format!("{} in {} · {proved} · headway show {}", verdict(fold), time(took), tail(self.job));
        let end = json!({
            "v": 1, "kind": "end", "job": self.job, "status": fold.status.label(), "counters": fold.counters, "seq": fold.seq,
            "digest": fold.digest, "exit": code, "message": fold.message.clone().unwrap_or_else(|| fold.status.text()),
        });
        self.show.end();
        if self.how.json.is_some() {
            out::line(&end.to_string())?;
        }
        self.say(&text);
        Ok(code)
    }

    fn json(&self, value: &serde_json::Value) -> Result<(), Failure> {
        if self.how.json == Some(Json::All) { out::line(&value.to_string()) } else { Ok(()) }
    }

    /// The last words of a command say why it ended; also when it is quiet, unless all is well.
    fn say(&self, text: &str) {
        self.show.tell(text);
    }
}

/// What became of the files.
fn verdict(fold: &Fold) -> String {
    let counters = &fold.counters;
    let done = counters.succeeded + counters.skipped - counters.missed;
    let mut parts = vec![format!("{} done", count(done.into()))];
    for (number, what) in
        [(counters.failed, "failed"), (counters.missed, "not looked at"), (counters.cancelled, "cancelled")]
    {
        if number > 0 {
            parts.push(format!("{} {what}", count(number.into())));
        }
    }
    match fold.status {
        JobStatus::Completed | JobStatus::CompletedWithErrors => parts.join(", "),
        JobStatus::Failed { reason: EndReason::AllFailed } => parts.join(", "),
        other => {
            let message = fold.message.as_deref().filter(|message| !message.is_empty());
            let why = message.map(|message| format!(" ({})", plain(message))).unwrap_or_default();
            format!("{}{why}: {}", other.text(), parts.join(", "))
        }
    }
}

/// The exit code of a job's end.
pub(super) fn exit_code(status: JobStatus, counters: &Counters) -> u8 {
    let bad = || u8::try_from((counters.failed + counters.missed).clamp(1, 101)).unwrap_or(101);
    match status {
        JobStatus::Completed => 0,
        JobStatus::CompletedWithErrors | JobStatus::Failed { reason: EndReason::AllFailed } => bad(),
        JobStatus::Failed { .. } => AS_A_WHOLE,
        JobStatus::Cancelled => CANCELLED,
        _ => NOT_BEGUN,
    }
}

/// A text of a program, in one line and without what would steer the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_counts_what_went_wrong_as_gnu_parallel_does() {
        let counters = |failed, missed| Counters { failed, missed, ..Counters::default() };
        let errors = JobStatus::CompletedWithErrors;
        for (status, counters, code) in [
            (JobStatus::Completed, counters(0, 0), 0),
            (errors, counters(3, 0), 3),
            (errors, counters(1, 2), 3),
            (errors, counters(120, 0), 101),
            (JobStatus::Failed { reason: EndReason::AllFailed }, counters(100, 0), 100),
            (JobStatus::Failed { reason: EndReason::Halt }, counters(1, 0), 102),
            (JobStatus::Failed { reason: EndReason::Plan }, counters(0, 0), 102),
            (JobStatus::Cancelled, counters(5, 0), 103),
        ] {
            assert_eq!(exit_code(status, &counters), code, "{status:?}");
        }
    }
}
