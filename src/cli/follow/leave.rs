//! When a command stops following its job: at its end, when it waits for a person, or at a signal.

use std::time::{Duration, Instant};

use serde_json::json;

use super::ending::{exit_code, plain, verdict};
use super::wait::KnownWait;
use super::{Followed, STILL, Until};
use crate::cli::failure::{AS_A_WHOLE, CommandFailure, CommandResult, NOT_BEGUN, WAITS};
use crate::cli::out::{self, count, time};
use crate::cli::session::Session;
use crate::cli::text::tail;
use headway_client::{Client, ClientError};
use headway_model::item::DiskEffect;
use headway_model::job_kind::JobKind;
use headway_model::status::WaitEnd;
use headway_model::undo_kind::UndoKind;
use headway_model::{Action, ApiError, ItemStatus, JobId, JobStatus, JobSummary, PauseReason};

/// How long a second signal waits for running files to be taken back, and for nothing else.
const TAKE_BACK: Duration = Duration::from_secs(1);

/// What a person can do about a job whose files were interrupted.
pub(in crate::cli) fn interrupted(session: &Session, job: JobId, files: u32) -> String {
    let command = |words: &str| session.command(&words.replace("JOB", &tail(job)));
    format!(
        "{} of its files were being processed when a server ended, and a half-finished command might have changed them. See \
         which: {}. Then run them again: {}, or go on without them: {}",
        count(files.into()),
        command("show JOB --status interrupted"),
        command("resume JOB"),
        command("leave-out JOB")
    )
}

/// What an undo of this job takes back, as far as the server reports it.
async fn undone(client: &Client, parent: Option<JobId>) -> Option<UndoKind> {
    let view = client.job(parent?).await.ok()?;
    let output = view.request.as_ref().and_then(|request| request.output.as_ref());
    Some(UndoKind::of(&view.summary.recipe, output))
}

impl Followed<'_> {
    /// The command that does this to the job.
    fn command(&self, word: &str) -> String {
        self.session.command_on(word, self.job)
    }

    /// Returns the exit code if the job need not be followed any further.
    pub(super) async fn waits(&mut self) -> Result<Option<u8>, CommandFailure> {
        let Some(fold) = self.follower.job(&self.job).and_then(|tracked| tracked.fold()) else { return Ok(None) };
        let (status, counters) = (fold.status, fold.counters);
        let paused = matches!(status, JobStatus::Paused { .. });
        if let Some(code) = self.signal.filter(|_| paused && counters.running == 0) {
            self.report(&format!("paused; go on: {}", self.command("resume")));
            return Ok(Some(code));
        }
        match self.how.until {
            Until::Running if status == JobStatus::Processing => return Ok(Some(0)),
            Until::Paused if paused => return Ok(Some(0)),
            Until::End | Until::Running | Until::Paused => {}
        }
        let why = match status {
            // The event of this command's own action has not arrived yet.
            JobStatus::Planned if self.how.action == Some(Action::Approve) => return Ok(None),
            JobStatus::Paused { reason: PauseReason::Interrupted } if self.how.action == Some(Action::LeaveOut) => {
                return Ok(None);
            }
            JobStatus::Paused { reason: PauseReason::Interrupted } => {
                interrupted(self.session, self.job, counters.interrupted)
            }
            JobStatus::Paused { reason: PauseReason::Stuck } => {
                format!("the server could not go on with it; try again: {}", self.command("resume"))
            }
            JobStatus::Planned => format!("its plan waits for approval: {}", self.command("approve")),
            JobStatus::Paused { reason } => match self.say_paused(reason, counters.running).await {
                Some(why) => why,
                None => return Ok(None),
            },
            JobStatus::Planning => {
                self.say_wait(true, counters.running).await;
                return Ok(None);
            }
            JobStatus::Processing => {
                self.told_pause = None;
                return Ok(self.say_wait(false, counters.running).await);
            }
            _ => {
                self.told_pause = None;
                return Ok(None);
            }
        };
        if counters.running > 0 {
            return Ok(None);
        }
        if !self.how.owns {
            // A command that only watches reports it once, and goes on watching.
            let reason = status.pause_reason().unwrap_or(PauseReason::User);
            if self.told_pause.replace(reason) != Some(reason) {
                self.report(&why);
            }
            return Ok(None);
        }
        self.report(&why);
        Ok(Some(WAITS))
    }

    /// Reports once that the job is paused, why, and which command resumes it. If only a person can do something about
    /// it, the command need not wait: returns the text instead, once no file runs.
    async fn say_paused(&mut self, reason: PauseReason, running: u32) -> Option<String> {
        if self.signal.is_some() || self.told_pause == Some(reason) {
            return None;
        }
        let KnownWait { ends, text: waits, is_last } = KnownWait::ask(self.session, self.job, reason).await;
        if self.how.owns && is_last {
            // The command ends here, and its server with it.
            let after = if self.session.host.is_some() { " No server works on it after this command." } else { "" };
            let text = format!("paused ({}).{waits}{after} Go on: {}", reason.text(), self.command("resume"));
            return Some(text).filter(|_| running == 0);
        }
        self.told_pause = Some(reason);
        let by_itself = match ends {
            Some(WaitEnd::Itself) => "it continues automatically once that is over, or: ",
            Some(WaitEnd::Person) | None => "go on: ",
        };
        self.report(&format!("paused ({});{waits} {by_itself}{}", reason.text(), self.command("resume")));
        None
    }

    /// Reports once what the job waits for, if it makes no progress: its plan for storage, or a file for another job. A plan has
    /// events only at its end. Returns the exit code if only a person can end the wait for a file of this command's own job.
    async fn say_wait(&mut self, is_planning: bool, running: u32) -> Option<u8> {
        let (at, seen) = self.asks_wait;
        if Instant::now() < at {
            return None;
        }
        self.asks_wait = (Instant::now() + STILL, self.seen);
        if is_planning && self.told_wait.is_some() || !is_planning && seen != self.seen {
            return None;
        }
        let view = self.session.client.job(self.job).await.ok()?;
        let is_last = self.how.owns && !is_planning && running == 0 && view.wait_end() == Some(WaitEnd::Person);
        let waits = plain(&self.session.completed(&view.waits?));
        if is_last {
            // The command ends here, and its server with it.
            let then = match self.session.host.is_some() {
                true => format!(". Then go on with this job: {}", self.command("resume")),
                false => ". This job goes on by itself then".to_owned(),
            };
            self.report(&format!("{waits}{then}"));
            return Some(WAITS);
        }
        if self.told_wait.as_ref() != Some(&waits) {
            self.report(&waits);
            self.told_wait = Some(waits);
        }
        None
    }

    /// Handles a signal. After the first one, running files are allowed to end; after the second, nothing is waited
    /// for.
    pub(super) async fn signalled(&mut self, code: u8) -> Result<Option<u8>, CommandFailure> {
        if !self.how.owns {
            self.report("the job goes on");
            return Ok(Some(code));
        }
        if self.signal.replace(code).is_some() {
            let goes_on = format!("go on: {}", self.command("resume"));
            match self.session.host.take() {
                Some(host) => {
                    // What does not end is killed with this process, and its file counts as interrupted.
                    if tokio::time::timeout(TAKE_BACK, host.end_now()).await.is_err() {
                        self.report(&format!("running files were interrupted; {goes_on}"));
                        self.show.end();
                        // Whatever else would be waited for waits for storage.
                        std::process::exit(i32::from(code));
                    }
                    self.report(&format!("running files were taken back; {goes_on}"));
                }
                None => self.report(&format!("the server ends running files; {goes_on}")),
            }
            return Ok(Some(code));
        }
        match self.session.client.steer(self.job, Action::Pause).await {
            Ok(view) => self.report(&format!(
                "{} running; interrupt again to end them; go on: {}",
                view.summary.counters.running,
                self.command("resume")
            )),
            // The job is over, or never began.
            Err(ClientError::Refused(
                ApiError::Conflict { .. } | ApiError::NotFound { .. } | ApiError::Pruned { .. },
            )) => return Ok(Some(code)),
            Err(error) => {
                self.report(&format!(
                    "it is not known whether the job was paused: {error}; look: {}",
                    self.command("show")
                ));
                return Ok(Some(code));
            }
        }
        self.waits().await
    }

    /// The job is over: reports the result, and returns the exit code.
    pub(super) async fn ended(&mut self) -> CommandResult {
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
        let kind = undone(&self.session.client, fold.parent.filter(|_| JobKind::of(&fold.recipe) == JobKind::Undo));
        let verdict = verdict(fold, kind.await);
        let text = format!("{verdict} in {} · {proved} · {}", time(took), self.command("show"));
        let mut end = json!({
            "v": 1, "kind": "end", "job": self.job, "status": fold.status.label(), "counters": fold.counters, "seq": fold.seq,
            "digest": fold.digest, "exit": code, "message": fold.message.clone().unwrap_or_else(|| JobSummary::from(fold).status_text()),
        });
        self.show.end();
        if self.how.json.is_some() && fold.counters.total == 0 {
            // The job itself reports that a plan found no file. Facts that the server does not report are left out.
            let view = self.session.client.job(self.job).await.ok();
            end.as_object_mut().into_iter().for_each(|end| {
                end.extend(view.as_ref().and_then(|view| view.note.clone()).map(|note| ("note".into(), note.into())));
            });
        }
        if self.how.json.is_some() {
            out::line(&end.to_string())?;
        }
        let counters = fold.counters;
        let is_change = |status| matches!(status, ItemStatus::Succeeded(DiskEffect::Changed | DiskEffect::Created));
        let changed = fold.items().filter(|(_, status)| is_change(*status)).count();
        let missed = fold.items().filter(|(_, status)| status.is_missed());
        let missed: Vec<_> = missed.filter_map(|(item, status)| Some((item, status.reason()?))).collect();
        for (item, why) in missed {
            self.say_error(item, why).await;
        }
        self.report(&text);
        self.say_next_steps(&counters, u32::try_from(changed).unwrap_or(u32::MAX)).await;
        Ok(code)
    }
}
