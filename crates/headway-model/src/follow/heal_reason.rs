//! Why what was received had to be repaired.

use std::fmt;

use crate::message::ResetReason;

/// Why a fold had to be healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HealReason {
    /// An event arrived before its predecessor.
    Gap,
    /// A ping or a `closed` message named events that never arrived.
    Lost,
    /// The digests at the same `seq` differ.
    Diverged,
    /// The client holds events that the log does not have.
    Ahead,
    /// An event cannot happen in the fold's state.
    Refused,
    /// A snapshot does not match its own `seq`, digest or hash.
    BadSnapshot,
    /// The server could not honour the cursor.
    Reset(ResetReason),
}

impl fmt::Display for HealReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HealReason::Gap => f.write_str("gap"),
            HealReason::Lost => f.write_str("lost"),
            HealReason::Diverged => f.write_str("diverged"),
            HealReason::Ahead => f.write_str("ahead"),
            HealReason::Refused => f.write_str("refused"),
            HealReason::BadSnapshot => f.write_str("bad snapshot"),
            HealReason::Reset(reason) => write!(f, "{reason}"),
        }
    }
}
