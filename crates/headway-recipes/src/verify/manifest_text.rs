//! A manifest that was read, wherever it came from.

use super::super::record::ManifestRecord;
use super::RelPath;

/// Maximum size of a manifest: 5 million lines of 100 bytes each.
pub(super) const LIMIT_BYTES: u64 = 512 * 1024 * 1024;

/// A manifest that was read.
pub(super) struct Manifest {
    /// Its path in the library. For a manifest outside the library, the path at which its names would have the same
    /// meaning.
    pub(super) path: RelPath,
    pub(super) text: Vec<u8>,
    /// The record of the job that made it, if there is one.
    pub(super) record: Option<ManifestRecord>,
    /// When it was last written to before it was read, in nanoseconds since 1970; `None` if it is not in the library.
    pub(super) written: Option<i64>,
}
