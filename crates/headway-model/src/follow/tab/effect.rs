//! How tabs share, and what a tab asks its driver to do.

use super::super::FollowEffect;

/// How the tabs of this browser can share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Not at all: this tab has a stream of its own.
    Alone,
    /// They can talk, but there is no lock: each has its own stream, and from the fifth tab on, short calls instead.
    Counted,
    /// One of them leads.
    Led,
}

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TabEffect {
    /// What the receiver asks for. `Open` and `Ask` replace any source, and `Close` also ends a call to catch up.
    Do(FollowEffect),
    /// Ask for the browser's lock, once, and report when it is granted.
    Lock {
        /// Whether to take it from its holder, because that tab does not answer.
        steal: bool,
    },
    /// Give the lock up, or stop waiting for it.
    Unlock,
    /// Tell this to the other tabs.
    Post(String),
    /// Make one call with this query string, and report its response with this number. Replaces an earlier one.
    CatchUp {
        /// Identifies this call in the report.
        call: u64,
        /// The query string of `/api/v1/events`.
        query: String,
    },
}
