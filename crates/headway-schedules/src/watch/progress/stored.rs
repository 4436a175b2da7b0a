//! The file of a watch in the data folder.

use std::io;
use std::path::{Path, PathBuf};

use headway_files::{Found, private};

use super::WatchProgress;

/// The folder of these files in the data folder.
const FOLDER: &str = "watches";

/// Maximum size of such a file in bytes.
const LIMIT_BYTES: u64 = 1 << 27;

impl WatchProgress {
    /// What a watch knows; `None` if it has never run. Blocking.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn read(data: &Path, watch: &str) -> io::Result<Option<Self>> {
        let Some(text) = Found::of(private::read(&place(data, watch), LIMIT_BYTES)).known()? else {
            return Ok(None);
        };
        serde_json::from_slice(&text).map(Some).map_err(io::Error::other)
    }

    /// Stores it durably. Blocking.
    ///
    /// # Errors
    /// Of the file system; [`io::ErrorKind::FileTooLarge`] if it could not be read again.
    pub(in crate::watch) fn store(&self, data: &Path, watch: &str) -> io::Result<()> {
        let content = serde_json::to_vec(self).map_err(io::Error::other)?;
        if content.len() as u64 > LIMIT_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the names of the files are too long together"));
        }
        private::store(&data.join(FOLDER), &format!("{watch}.json"), &content)
    }
}

/// The names of the watches that have run on a data folder. Blocking.
pub(in crate::watch) fn names(data: &Path) -> io::Result<Vec<String>> {
    private::names(&data.join(FOLDER))
}

/// Gives what a watch knows to one that has never run. Blocking.
pub(in crate::watch) fn rename(data: &Path, watch: &str, new: &str) -> io::Result<()> {
    private::rename(&data.join(FOLDER), &format!("{watch}.json"), &format!("{new}.json"))
}

fn place(data: &Path, watch: &str) -> PathBuf {
    data.join(FOLDER).join(format!("{watch}.json"))
}
