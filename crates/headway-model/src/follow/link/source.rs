//! One source of messages, a stream or calls, and when it is given up.

use crate::id::Millis;

/// A stream that delivers no message within this time is given up.
const MUTE_AFTER: Millis = 5_000;
/// How long one call waits for news, in seconds.
pub(in crate::follow) const ASK_WAIT_SECONDS: u64 = 10;
/// A stream that is tried while calls get through must deliver a message within this time.
const TRIAL: Millis = 3_000;
/// A stream that falls silent for this long is given up.
const REOPEN_AFTER: Millis = 15_000;

/// How messages arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::follow) enum Transport {
    /// Pushed by the server as they occur.
    Stream,
    /// In responses to calls, because something on the way holds streams back.
    Calls,
}

/// A stream that is open, or the call that is under way.
#[derive(Debug, Clone)]
pub(super) struct StreamSource {
    pub(super) transport: Transport,
    /// Whether this is a stream that is tried while calls get through.
    pub(super) trial: bool,
    pub(super) asked: Millis,
    pub(super) heard: Millis,
    pub(super) messages: u64,
    pub(super) caught_up: bool,
    /// Whether the call under way waits for news. The first call of a source does not.
    pub(super) waits: bool,
}

impl StreamSource {
    /// For how long it can be silent until it is given up.
    pub(super) fn gives_up_after(&self) -> Millis {
        match self.transport {
            _ if self.trial => TRIAL,
            Transport::Calls => REOPEN_AFTER + ASK_WAIT_SECONDS * 1_000,
            Transport::Stream if self.messages == 0 => MUTE_AFTER,
            Transport::Stream => REOPEN_AFTER,
        }
    }
}
