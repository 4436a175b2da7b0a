//! The file of the data folder in which requests are kept under names.

use std::io;

use super::{DataFolder, private};
use crate::Found;

/// Its name.
const PRESETS: &str = "presets.json";

/// The most bytes that it has.
const MOST: u64 = 1 << 20;

impl DataFolder {
    /// Its content; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn presets(&self) -> io::Result<Option<Vec<u8>>> {
        Found::of(private::read(&self.root.join(PRESETS), MOST)).known()
    }

    /// Replaces it, whole or not at all. Brought to the disk.
    ///
    /// # Errors
    /// If it is too long, or cannot be written.
    pub fn keep_presets(&self, content: &[u8]) -> io::Result<()> {
        if content.len() as u64 > MOST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "there are too many presets"));
        }
        private::replace(&self.root.join(PRESETS), content)?;
        std::fs::File::open(&self.root)?.sync_all()
    }
}
