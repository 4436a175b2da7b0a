//! The text of a message, as the server writes it.

use serde::Serialize;

use super::{Absent, CaughtUp, Closed, Hello, Now, Ping, Reset, SnapshotMessage, Summaries};

/// A message body that knows its kind.
pub trait Body: Serialize {
    /// The kind, as in the message.
    const KIND: &'static str;

    /// The message's text: one line of JSON.
    fn text(&self) -> String
    where
        Self: Sized,
    {
        serde_json::to_string(&WithKind { kind: Self::KIND, body: self }).expect("every key is a text, so it is JSON")
    }
}

#[derive(Serialize)]
struct WithKind<'a, T> {
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

macro_rules! kinds {
    ($($body:ty = $kind:literal),* $(,)?) => { $(impl Body for $body { const KIND: &'static str = $kind; })* };
}

kinds! {
    Hello = "hello",
    SnapshotMessage = "snapshot",
    Summaries = "summaries",
    Now = "now",
    Absent = "absent",
    CaughtUp = "caught_up",
    Ping = "ping",
    Reset = "reset",
    Closed = "closed",
}
