//! The kind of an event without its content, for code that needs only the kind.

mod change_step;

use super::event::JobEvent;
pub use change_step::ChangeStep;

/// Generates kinds and names from one list, so that none can be forgotten or spelled in two ways.
macro_rules! kinds {
    ($($kind:ident = $name:literal),* $(,)?) => {
        /// A kind of event. Its name is part of payloads, so it never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = concat!("`", $name, "`: see [`JobEvent::", stringify!($kind), "`].")] $kind),*
        }

        impl EventKind {
            /// Every kind, in the order of [`JobEvent`].
            pub const ALL: &[EventKind] = &[$(EventKind::$kind),*];

            /// The name, as payloads have it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(EventKind::$kind => $name),*
                }
            }

            /// The kind with this name.
            pub fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(EventKind::$kind),)*
                    _ => None,
                }
            }
        }

        impl JobEvent {
            /// The kind of this event.
            pub fn kind(&self) -> EventKind {
                match self {
                    $(JobEvent::$kind { .. } => EventKind::$kind),*
                }
            }
        }
    };
}

kinds! {
    Created = "created",
    Planned = "planned",
    PlanEnded = "plan_ended",
    Approved = "approved",
    Began = "began",
    Paused = "paused",
    Resumed = "resumed",
    Halted = "halted",
    Finishing = "finishing",
    CancelRequested = "cancel_requested",
    Cancelled = "cancelled",
    Ended = "ended",
    Changed = "changed",
    Pruned = "pruned",
    Started = "started",
    Placing = "placing",
    Changing = "changing",
    Succeeded = "succeeded",
    Skipped = "skipped",
    Failed = "failed",
    AttemptFailed = "attempt_failed",
    Returned = "returned",
    Stopped = "stopped",
    Recovered = "recovered",
    Requeued = "requeued",
    Dropped = "dropped",
}

/// How an attempt came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOutcome {
    /// The item ended without a failure.
    Done,
    /// The item failed.
    Failed,
    /// The attempt failed, and another one follows.
    AttemptFailed,
}

impl EventKind {
    /// How an attempt came out, if the event says so.
    pub fn outcome(self) -> Option<EventOutcome> {
        use EventKind as K;
        match self {
            K::Succeeded | K::Skipped => Some(EventOutcome::Done),
            K::Failed => Some(EventOutcome::Failed),
            K::AttemptFailed => Some(EventOutcome::AttemptFailed),
            K::Created
            | K::Planned
            | K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Cancelled
            | K::Ended
            | K::Changed
            | K::Pruned
            | K::Started
            | K::Placing
            | K::Changing
            | K::Returned
            | K::Stopped
            | K::Recovered
            | K::Requeued
            | K::Dropped => None,
        }
    }

    /// The kind of the event in a payload that [`super::Recorded::encode`] wrote; `None` for any other text. Reads only
    /// as far as the event's name.
    pub fn of_payload(payload: &str) -> Option<Self> {
        let (_, rest) = payload.split_once(r#""event":""#)?;
        let (name, _) = rest.split_once('"')?;
        EventKind::of_name(name)
    }

    /// Whether it is about one item: see [`JobEvent::item`].
    pub fn is_of_item(self) -> bool {
        use EventKind as K;
        match self {
            K::Started
            | K::Placing
            | K::Changing
            | K::Succeeded
            | K::Skipped
            | K::Failed
            | K::AttemptFailed
            | K::Returned
            | K::Stopped
            | K::Recovered
            | K::Requeued
            | K::Dropped => true,
            K::Created
            | K::Planned
            | K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Cancelled
            | K::Ended
            | K::Changed
            | K::Pruned => false,
        }
    }

    /// Whether it ends a job: only `pruned` can follow it.
    pub fn is_terminal(self) -> bool {
        use EventKind as K;
        match self {
            K::Ended | K::Cancelled => true,
            K::Created
            | K::Planned
            | K::PlanEnded
            | K::Approved
            | K::Began
            | K::Paused
            | K::Resumed
            | K::Halted
            | K::Finishing
            | K::CancelRequested
            | K::Changed
            | K::Pruned
            | K::Started
            | K::Placing
            | K::Changing
            | K::Succeeded
            | K::Skipped
            | K::Failed
            | K::AttemptFailed
            | K::Returned
            | K::Stopped
            | K::Recovered
            | K::Requeued
            | K::Dropped => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recorded;

    #[test]
    fn every_kind_has_the_name_that_its_payload_has() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::of_name(kind.name()), Some(*kind));
        }
        let recorded = Recorded { seq: 7, at: 1, event: JobEvent::Requeued { item: 3 } };
        assert_eq!(EventKind::of_payload(&recorded.encode()), Some(EventKind::Requeued));
        assert_eq!(recorded.event.kind().name(), "requeued");
        assert_eq!(EventKind::of_payload("{}"), None);
        assert_eq!(EventKind::of_payload(r#"{"seq":1,"at":1,"event":"noted"}"#), None);
    }
}
