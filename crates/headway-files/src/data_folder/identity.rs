//! The id of a data folder, which no other folder has, and the note that it joined a log that was made with another one.

use std::io;
use std::path::Path;

use super::{DataFolder, StateFile, private};

/// The name of the file with the id.
pub(super) const ID: &str = "folder.id";

/// The name of the file that says which folder's log was joined.
pub(super) const JOINED: &str = "log.joined";

/// Maximum size of such a file in bytes.
const LIMIT_BYTES: u64 = 1 << 12;

impl DataFolder {
    /// The id of this folder; `fresh` from now on if it has none yet.
    ///
    /// # Errors
    /// If it cannot be read, or noted.
    pub fn id(&self, fresh: &str) -> io::Result<String> {
        if let Some(known) = StateFile::read(self.root.join(ID), LIMIT_BYTES)?.line() {
            return Ok(known);
        }
        private::store(&self.root, ID, fresh.as_bytes())?;
        Ok(fresh.to_owned())
    }

    /// Notes durably that this folder joined a log that was made with another data folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn note_joined(&self, place: &str) -> io::Result<()> {
        private::store(&self.root, JOINED, format!("{place}\n").as_bytes())
    }

    /// Whether the data folder at this path joined a log that was made with another one. Blocking.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub fn has_joined(root: &Path) -> io::Result<bool> {
        Ok(StateFile::read(root.join(JOINED), LIMIT_BYTES)?.text().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_keeps_its_first_id_and_knows_that_it_joined() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        assert_eq!(data.id("one").expect("an id"), "one");
        assert_eq!(data.id("two").expect("an id"), "one");
        assert!(!DataFolder::has_joined(data.root()).expect("known"));
        data.note_joined("postgres://db/headway").expect("noted");
        assert!(DataFolder::has_joined(data.root()).expect("known"));
    }
}
