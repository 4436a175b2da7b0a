//! What a follower writes while its job goes on: its events, its failures, and what its programs wrote.

use serde_json::json;

use super::{Followed, Json, plain};
use crate::cli::failure::{CommandFailure, WAITS};
use crate::cli::out::{self, say};
use crate::cli::program_output;
use headway_client::ClientError;
use headway_model::event::Recorded;
use headway_model::item::{FailReason, ItemLabel};
use headway_model::{ApiError, JobEvent, Message};

impl Followed<'_> {
    /// Handles those events of a message that the fold has newly taken in.
    pub(super) async fn message(&mut self, text: &str) -> Result<(), CommandFailure> {
        match Message::decode(text) {
            // A new connection, perhaps to another server, which works on the job only if it is asked to.
            Ok(Message::Hello(_)) if self.how.owns => match self.session.client.adopt(self.job).await {
                Ok(_) => {}
                // It stays as it is, for a server that has its recipe. This command must not keep such a server out.
                Err(error @ ClientError::Refused(ApiError::NoRecipe { .. })) => {
                    return Err(self.session.failure(error).or_code(WAITS));
                }
                Err(error) => tracing::debug!(%error, "the job is not there yet, or the link broke again"),
            },
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

    async fn event(&mut self, raw: &str) -> Result<(), CommandFailure> {
        let Ok(recorded) = Recorded::decode(raw) else { return Ok(()) };
        let folded = self.follower.job(&self.job).and_then(|tracked| tracked.fold()).map_or(0, |fold| fold.seq);
        // Events that were not folded arrive again.
        if recorded.seq <= self.seen || recorded.seq > folded {
            return Ok(());
        }
        self.seen = recorded.seq;
        if self.how.json == Some(Json::All) {
            // The event exactly as it is in the log.
            out::line(&format!(r#"{{"v":1,"kind":"event","job":"{}","event":{raw}}}"#, self.job))?;
        }
        match &recorded.event {
            JobEvent::Succeeded { item, .. } | JobEvent::Skipped { item, .. } => self.item_ended(*item),
            JobEvent::Failed { item, message, reason, .. } => {
                self.item_ended(*item);
                let why = match (message.as_str(), &self.how.said) {
                    ("", _) => reason.text(),
                    // What the program wrote follows as a whole.
                    (message, Some(_)) if *reason == FailReason::Command => program_output::without_quote(message),
                    (message, _) => message,
                };
                self.say_error(*item, why).await;
            }
            // A person gave the interrupted item up.
            JobEvent::Dropped { item } => {
                self.item_ended(*item);
                self.say_error(*item, FailReason::Interrupted.text()).await;
            }
            // These end no item, or one that nobody waits for any more.
            JobEvent::Created { .. }
            | JobEvent::Planned { .. }
            | JobEvent::PlanEnded { .. }
            | JobEvent::Approved {}
            | JobEvent::Began {}
            | JobEvent::Paused { .. }
            | JobEvent::Resumed {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Cancelled {}
            | JobEvent::Ended { .. }
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. } => {}
        }
        Ok(())
    }

    /// Names a file that the exit code counts, and why, unless enough of them were named.
    pub(super) async fn say_error(&mut self, item: u32, why: &str) {
        if self.show.wants_failure() {
            let view = program_output::view(&self.session.client, self.job, item).await.ok().flatten();
            let path = view.as_ref().map_or_else(|| format!("file {}", item + 1), |view| view.path.shown());
            // The server might know where a file is that could not be processed.
            let told = view.filter(|view| view.status == ItemLabel::Skipped).and_then(|view| view.message);
            self.show.write_line(&format!("      ✗ {path}  {}", plain(told.as_deref().unwrap_or(why))));
        }
    }

    fn item_ended(&mut self, item: u32) {
        self.how.said.iter_mut().for_each(|said| said.ended(item));
    }

    /// Writes the output of attempts that have ended.
    pub(super) async fn pass_on(&mut self) -> Result<(), CommandFailure> {
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
                Err(failure) => self.show.write_line(&format!(
                    "the output of file {} cannot be read: {}",
                    item + 1,
                    failure.text.unwrap_or_default()
                )),
            }
        }
    }
}
