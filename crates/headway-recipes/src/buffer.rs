//! How much of a file is read or written at a time.

/// Large enough that system calls do not matter, small enough that a stop takes effect promptly.
pub(crate) const BUFFER_BYTES: usize = 128 * 1024;
