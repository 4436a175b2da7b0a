//! Descriptors: how many files and sockets this process may hold at a time.
//!
//! The usual soft limit of 1,024 is there for programs that call select(2), which this one does not. What it runs may, so
//! the guard of commands gives its programs the limit that this process was started with.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What stands for "no limit": as many as Linux gives a process by itself.
const UNLIMITED: u64 = 1 << 20;

static AT_START: OnceLock<u64> = OnceLock::new();

/// Raises the soft limit to the hard one. Call it at the start of the process.
pub fn raise() {
    let limits = getrlimit(Resource::Nofile);
    AT_START.get_or_init(|| limits.current.unwrap_or(UNLIMITED));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, maximum: limits.maximum }) {
        tracing::warn!(%error, "the limit of open files cannot be raised; it stays at {}", most());
    }
}

/// How many descriptors this process may hold.
pub fn most() -> usize {
    getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED).min(UNLIMITED) as usize
}

/// The soft limit that this process was started with, if it was raised since.
pub(super) fn at_start() -> Option<u64> {
    AT_START.get().copied()
}

/// Takes the soft limit down to this. One that is lower already stays.
pub(super) fn lower(limit: u64) {
    let limits = getrlimit(Resource::Nofile);
    if limits.current.is_none_or(|current| current > limit) {
        // Lowering needs no right; were it refused, programs would merely be allowed more.
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: limits.maximum }).ok();
    }
}
