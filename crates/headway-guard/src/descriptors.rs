//! Limits on file descriptors: how many files and sockets this process can hold at once.
//!
//! The default soft limit of 1,024 exists for programs that call select(2), which Headway does not. Programs that it
//! runs might, so the guard gives them the limit that this process was started with.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Stands for "no limit": as many as Linux grants a process by default.
const UNLIMITED: u64 = 1 << 20;

static AT_START: OnceLock<u64> = OnceLock::new();

/// Raises the soft limit to the hard limit. Call it when the process starts.
pub fn raise() {
    let limits = getrlimit(Resource::Nofile);
    AT_START.get_or_init(|| limits.current.unwrap_or(UNLIMITED));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, maximum: limits.maximum }) {
        tracing::warn!(%error, "cannot raise the limit of open files; it stays at {}", most());
    }
}

/// How many descriptors this process can hold.
pub fn most() -> usize {
    getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED).min(UNLIMITED) as usize
}

/// The soft limit that this process was started with, if it has been raised since.
pub(super) fn at_start() -> Option<u64> {
    AT_START.get().copied()
}

/// Lowers the soft limit to this value. A lower limit stays.
pub(super) fn lower(limit: u64) {
    let limits = getrlimit(Resource::Nofile);
    if limits.current.is_none_or(|current| current > limit) {
        // Lowering needs no privilege; if it failed, programs would merely have a higher limit.
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum: limits.maximum }).ok();
    }
}
