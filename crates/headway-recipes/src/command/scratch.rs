//! The folder of one attempt of a command.

use std::path::PathBuf;

use headway_files::remove_tree;

/// A folder that is removed with everything in it when dropped.
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "an attempt's folder cannot be removed");
        }
    }
}
