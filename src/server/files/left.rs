//! Temporary files that could not be removed at once: they are tried again.

use std::io;
use std::sync::PoisonError;

use super::{Found, Library, on_disk};
use crate::model::RelPath;

impl Library {
    /// A temporary file was to be removed. If that failed, it is done later; only what holds no original may be given here.
    pub(super) fn removed(&self, temp: &RelPath, answer: io::Result<()>) {
        if let Found::Unknown(error) = Found::of(answer) {
            tracing::warn!(%temp, %error, "a temporary file cannot be removed now");
            self.left.lock().unwrap_or_else(PoisonError::into_inner).insert(temp.clone());
        }
    }

    /// Tries again to remove what could not be removed.
    pub fn tidy(&self) {
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for temp in left {
            let answer = self.root().remove_file(on_disk(&temp));
            self.removed(&temp, answer);
        }
    }
}
