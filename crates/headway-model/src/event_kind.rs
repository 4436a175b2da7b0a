//! Which event it is, without what it says: a name for code that looks at events by kind alone.

use super::event::JobEvent;

/// Kinds and their names from one list, so that none can be forgotten or spelled in two ways.
macro_rules! kinds {
    ($($kind:ident = $name:literal),* $(,)?) => {
        /// A kind of event. Its name stands in payloads, so it never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = concat!("`", $name, "`: see [`JobEvent::", stringify!($kind), "`].")] $kind),*
        }

        impl EventKind {
            /// Every kind, in the order of [`JobEvent`].
            pub const ALL: &[EventKind] = &[$(EventKind::$kind),*];

            /// The name, as the payload has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(EventKind::$kind => $name),*
                }
            }

            /// The kind of this name.
            pub fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(EventKind::$kind),)*
                    _ => None,
                }
            }
        }

        impl JobEvent {
            /// Which event it is.
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

impl EventKind {
    /// The kind of the event in a payload that [`super::Recorded::encode`] made; `None` for any other text. Reads no further than
    /// its name.
    pub fn of_payload(payload: &str) -> Option<Self> {
        let (_, rest) = payload.split_once(r#""event":""#)?;
        let (name, _) = rest.split_once('"')?;
        EventKind::of_name(name)
    }

    /// Whether it ends a job: nothing but `pruned` comes after it.
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
