//! When a command stops following its job: at its end, when it waits for a person, or at a signal.

use serde_json::json;

use super::ending::{AS_A_WHOLE, WAITS, exit_code, verdict};
use super::{Followed, NOT_BEGUN, Until, tail};
use crate::cli::failure::{CommandFailure, CommandResult};
use crate::cli::out::{self, count, time};
use headway_model::{Action, JobStatus, PauseReason};

impl Followed<'_> {
    /// Returns the exit code if the job need not be followed any further.
    pub(super) async fn waits(&mut self) -> Result<Option<u8>, CommandFailure> {
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

    /// Handles a signal. After the first one, running files may end; after the second, nothing is waited for.
    pub(super) async fn signalled(&mut self, code: u8) -> Result<Option<u8>, CommandFailure> {
        if !self.how.owns {
            self.say("the job goes on");
            return Ok(Some(code));
        }
        if self.signal.replace(code).is_some() {
            let goes_on = format!("go on: headway resume {}", tail(self.job));
            match self.session.host.take() {
                Some(host) => {
                    host.end_now().await;
                    self.say(&format!("running files were taken back; {goes_on}"));
                }
                None => self.say(&format!("the server ends running files; {goes_on}")),
            }
            return Ok(Some(code));
        }
        match self.session.client.steer(self.job, Action::Pause).await {
            Ok(view) => self.say(&format!(
                "{} running; again ends them; go on: headway resume {}",
                view.summary.counters.running,
                tail(self.job)
            )),
            // The job is over, or never began.
            Err(error) => {
                tracing::debug!(%error, "the job is not paused");
                return Ok(Some(code));
            }
        }
        self.waits().await
    }

    /// The job is over: says how, and returns the exit code.
    pub(super) fn ended(&mut self) -> CommandResult {
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
}
