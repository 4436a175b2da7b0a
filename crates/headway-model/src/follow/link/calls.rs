//! When a stream is tried again, while messages arrive by calls.

use crate::id::Millis;

/// How long after the switch to calls a stream is tried again: the first time, the second, and at most.
const TRY_FIRST: Millis = 2_000;
const TRY_SECOND: Millis = 60_000;
const TRY_LIMIT: Millis = 600_000;

/// What is known about streams while the client uses calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Calls {
    pub(super) tries: u32,
    /// When a stream is tried again; set once a call has been answered.
    pub(super) try_at: Option<Millis>,
}

impl Calls {
    /// How long after a call was answered the next stream is tried.
    pub(super) fn delay(&self) -> Millis {
        match self.tries {
            0 => TRY_FIRST,
            tries => (TRY_SECOND << (tries - 1).min(10)).min(TRY_LIMIT),
        }
    }
}
