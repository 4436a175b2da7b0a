//! The state of the link to the server, as one word.

use std::fmt;

use super::HealReason;

/// The state of the link to the server, as the page shows it. Derived from what has arrived, not from the transport's
/// own events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The client has not caught up for the first time yet.
    Connecting,
    /// Everything in the log has arrived.
    Live,
    /// This many events have not arrived yet.
    CatchingUp(u64),
    /// Nothing has arrived for this many seconds.
    Silent(u64),
    /// Something was lost or different, and has been repaired.
    Healed(HealReason),
    /// The page is hidden; the stream resumes when it is shown.
    Asleep,
    /// The server refuses this page, for this reason.
    Refused(String),
}

impl LinkState {
    /// Its word in CSS and tests.
    pub fn label(&self) -> &'static str {
        match self {
            LinkState::Connecting => "connecting",
            LinkState::Live => "live",
            LinkState::CatchingUp(_) => "catching-up",
            LinkState::Silent(_) => "silent",
            LinkState::Healed(_) => "healed",
            LinkState::Asleep => "asleep",
            LinkState::Refused(_) => "refused",
        }
    }

    /// Whether messages are arriving: only then can a page claim that nothing is missing.
    pub fn is_heard(&self) -> bool {
        matches!(self, LinkState::Live | LinkState::CatchingUp(_) | LinkState::Healed(_))
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkState::Connecting => f.write_str("connecting"),
            LinkState::Live => f.write_str("live"),
            LinkState::CatchingUp(behind) => write!(f, "catching up (−{behind})"),
            LinkState::Silent(seconds) => write!(f, "no connection, {seconds} s"),
            LinkState::Healed(reason) => write!(f, "healed ({reason})"),
            LinkState::Asleep => f.write_str("asleep"),
            LinkState::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}
