//! The ballast: a file that only takes up room, and is removed when the disk is full.

use super::{DataFolder, private};
use crate::library::{Found, free_bytes, uninterrupted};
use crate::paths;

/// The file that reserves disk space, to be released when the disk is full.
pub(super) const BALLAST: &str = "ballast";
const BALLAST_BYTES: u64 = 32 * 1024 * 1024;

impl DataFolder {
    /// Releases the reserved disk space, so that what must be recorded on a full disk still fits.
    pub fn release_ballast(&self) {
        if let Err(error) = super::gone(paths::remove_file(&self.root.join(BALLAST))) {
            tracing::warn!(%error, "the ballast cannot be given up");
        }
    }

    /// Reserves that space again, if it is not reserved already and the disk has more than enough.
    pub fn keep_ballast(&self) {
        let path = self.root.join(BALLAST);
        let kept = Found::of(paths::follow(&path)).map(|found| found.len() == BALLAST_BYTES);
        let is_missing = matches!(kept, Found::Absent | Found::There(false));
        if !is_missing || free_bytes(&self.root).is_none_or(|free| free < 4 * BALLAST_BYTES) {
            return;
        }
        let kept = private::create(&path).and_then(|file| {
            let none = rustix::fs::FallocateFlags::empty();
            uninterrupted(|| Ok(rustix::fs::fallocate(&file, none, 0, BALLAST_BYTES)?))
        });
        if let Err(error) = kept {
            tracing::debug!(%error, "no ballast");
            self.release_ballast();
        }
    }
}
