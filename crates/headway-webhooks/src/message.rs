//! The content of a message.

use headway_model::event::{JobEvent, Recorded};
use headway_model::id::{Millis, Seq};
use headway_model::summary::ItemView;
use headway_model::{Cursor, JobId, JobSummary};
use serde::Serialize;

/// Generates kinds and names from one list.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// A kind of message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum WebhookEvent {
            $($(#[$doc])* $kind),*
        }

        impl WebhookEvent {
            /// Every kind that comes from the log.
            pub const ALL: &[WebhookEvent] = &[$(WebhookEvent::$kind),*];

            /// The name, as messages have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(WebhookEvent::$kind => $name),*
                }
            }

            /// The kind with this name.
            pub fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(WebhookEvent::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A job exists.
    Created = "job.created",
    /// All its files are listed. Such a job waits for a person if its plan has to be approved.
    Planned = "job.planned",
    /// It began to process files.
    Started = "job.started",
    /// It is paused.
    Paused = "job.paused",
    /// The pause is over.
    Resumed = "job.resumed",
    /// It is over: completed, failed or cancelled.
    Ended = "job.ended",
}

impl WebhookEvent {
    /// The kind of message for an event; `None` if none is sent for it.
    pub(crate) fn of(event: &JobEvent) -> Option<Self> {
        match event {
            JobEvent::Created { .. } => Some(WebhookEvent::Created),
            JobEvent::PlanEnded { .. } => Some(WebhookEvent::Planned),
            JobEvent::Began {} => Some(WebhookEvent::Started),
            JobEvent::Paused { .. } => Some(WebhookEvent::Paused),
            JobEvent::Resumed {} => Some(WebhookEvent::Resumed),
            JobEvent::Ended { .. } | JobEvent::Cancelled {} => Some(WebhookEvent::Ended),
            JobEvent::Planned { .. }
            | JobEvent::Approved {}
            | JobEvent::Halted { .. }
            | JobEvent::Finishing {}
            | JobEvent::CancelRequested {}
            | JobEvent::Changed { .. }
            | JobEvent::Pruned { .. }
            | JobEvent::Started { .. }
            | JobEvent::Placing { .. }
            | JobEvent::Changing { .. }
            | JobEvent::Succeeded { .. }
            | JobEvent::Skipped { .. }
            | JobEvent::Failed { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Returned { .. }
            | JobEvent::Stopped { .. }
            | JobEvent::Recovered { .. }
            | JobEvent::Requeued { .. }
            | JobEvent::Dropped { .. } => None,
        }
    }
}

/// A message that is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookMessage {
    /// Its id, the same at each attempt: `JOB_SEQ`.
    pub id: String,
    /// Its kind's name.
    pub kind: &'static str,
    /// Its JSON.
    pub body: String,
}

/// A message's JSON.
#[derive(Serialize)]
struct WebhookBody<'a> {
    r#type: &'a str,
    /// When it happened, as RFC 3339 has it.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// Where the event stands in the log; the events after it are at `/api/v1/events?after=`.
    cursor: &'a Cursor,
    /// The id of the message before this one to this webhook; a receiver that did not get that one has a gap.
    previous: Option<&'a str>,
    job: JobId,
    seq: Seq,
    /// The event as it is in the log.
    event: &'a serde_json::value::RawValue,
    /// The job when this message was made, which can be later than the event; `null` if its history was removed.
    now: Option<&'a JobSummary>,
    /// The first files that failed, of a job that is over.
    failed: &'a [ItemView],
    /// What was asked for, if the plan of the job found no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    /// The page of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// The facts that a message is made from.
pub(crate) struct Happened<'a> {
    pub(crate) kind: WebhookEvent,
    pub(crate) job: JobId,
    pub(crate) seq: Seq,
    pub(crate) at: Millis,
    pub(crate) payload: &'a str,
    pub(crate) cursor: &'a Cursor,
    pub(crate) previous: Option<&'a str>,
    pub(crate) now: Option<&'a JobSummary>,
    pub(crate) failed: &'a [ItemView],
    pub(crate) note: Option<&'a str>,
    /// Where pages are, without a `/` at its end.
    pub(crate) site: Option<&'a str>,
}

impl Happened<'_> {
    /// The message.
    ///
    /// # Errors
    /// If the payload is not JSON, which the log does not hold.
    pub(crate) fn message(&self) -> Result<WebhookMessage, serde_json::Error> {
        let kind = self.kind.name();
        let data = Data {
            cursor: self.cursor,
            previous: self.previous,
            job: self.job,
            seq: self.seq,
            event: serde_json::from_str(self.payload)?,
            now: self.now,
            failed: self.failed,
            note: self.note,
            link: self.site.map(|site| format!("{site}/jobs/{}", self.job)),
        };
        let body = serde_json::to_string(&WebhookBody { r#type: kind, timestamp: time(self.at), data })?;
        Ok(WebhookMessage { id: format!("{}_{}", self.job, self.seq), kind, body })
    }
}

/// A test message without content, to see whether a receiver takes it.
pub(crate) fn test(now: Millis) -> WebhookMessage {
    let kind = "headway.test";
    let body = serde_json::json!({ "type": kind, "timestamp": time(now), "data": {} }).to_string();
    WebhookMessage { id: format!("test_{now}"), kind, body }
}

/// The kind of a recorded event, and its time.
pub(crate) fn wanted(payload: &str, kinds: &[WebhookEvent]) -> Option<(WebhookEvent, Millis)> {
    let recorded = Recorded::decode(payload).ok()?;
    let kind = WebhookEvent::of(&recorded.event).filter(|kind| kinds.contains(kind))?;
    Some((kind, recorded.at))
}

/// A time as RFC 3339 has it, in UTC.
fn time(at: Millis) -> String {
    let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_millis(at));
    time.map_or_else(String::new, |time| humantime::format_rfc3339_millis(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_rfc_3339_has_it() {
        assert_eq!(time(1_795_934_332_838), "2026-11-29T06:38:52.838Z");
    }

    #[test]
    fn only_the_kinds_that_are_wanted_become_messages() {
        let ended = r#"{"seq":9,"at":7,"event":"ended","status":"completed"}"#;
        let planned = r#"{"seq":2,"at":7,"event":"plan_ended","total":3}"#;
        assert_eq!(wanted(planned, WebhookEvent::ALL), Some((WebhookEvent::Planned, 7)));
        assert_eq!(wanted(planned, &[WebhookEvent::Ended]), None);
        assert_eq!(wanted(ended, &[WebhookEvent::Ended]), Some((WebhookEvent::Ended, 7)), "{ended}");
    }
}
