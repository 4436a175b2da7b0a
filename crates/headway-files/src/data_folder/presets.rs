//! The file of presets in the data folder: requests that are stored under names.

use std::io;

use super::{DataFolder, private};
use crate::Found;

/// The name of the file.
const PRESETS: &str = "presets.json";

/// Maximum size of the file in bytes.
const LIMIT_BYTES: u64 = 1 << 20;

impl DataFolder {
    /// The content of the file; `None` if it does not exist.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn presets(&self) -> io::Result<Option<Vec<u8>>> {
        Found::of(private::read(&self.root.join(PRESETS), LIMIT_BYTES)).known()
    }

    /// Replaces the file, whole or not at all, and syncs it.
    ///
    /// # Errors
    /// If it is too long, or cannot be written.
    pub fn keep_presets(&self, content: &[u8]) -> io::Result<()> {
        if content.len() as u64 > LIMIT_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "there are too many presets"));
        }
        private::replace(&self.root.join(PRESETS), content)?;
        std::fs::File::open(&self.root)?.sync_all()
    }
}
