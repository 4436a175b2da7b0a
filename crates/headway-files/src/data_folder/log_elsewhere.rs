//! Where the log of a data folder is, if it is not in the folder: a file with the address of the database. Without it, a
//! command that is not told of the database would begin a second log here.

use std::io;
use std::path::PathBuf;

use super::{DataFolder, StateFile, gone, private};
use crate::{Found, paths};

/// The name of the file.
pub(super) const LOG_ELSEWHERE: &str = "log.elsewhere";

/// Maximum size of the file in bytes.
const LIMIT_BYTES: u64 = 1 << 16;

impl DataFolder {
    /// Whether there is a log in this folder.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub fn has_log(&self) -> io::Result<bool> {
        Ok(Found::of(paths::look_at(&self.log())).known()?.is_some())
    }

    /// The address of the database with the log, as it was remembered; `None` if the log is in this folder.
    ///
    /// # Errors
    /// If that cannot be determined.
    pub fn log_elsewhere(&self) -> io::Result<Option<String>> {
        Ok(StateFile::read(self.elsewhere(), LIMIT_BYTES)?.line())
    }

    /// Remembers durably that the log is in a database. The address must have no password.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn remember_log_elsewhere(&self, address: &str) -> io::Result<()> {
        private::store(&self.root, LOG_ELSEWHERE, format!("{address}\n").as_bytes())
    }

    /// Forgets that the log was in a database: it is in this folder.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn forget_log_elsewhere(&self) -> io::Result<()> {
        gone(paths::remove_file(&self.elsewhere()))?;
        std::fs::File::open(&self.root)?.sync_all()
    }

    fn elsewhere(&self) -> PathBuf {
        self.root.join(LOG_ELSEWHERE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_remembers_in_which_database_its_log_is_until_it_is_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        assert_eq!(data.log_elsewhere().expect("known"), None);
        data.forget_log_elsewhere().expect("nothing to forget");
        data.remember_log_elsewhere("postgres://me@db/headway").expect("remembered");
        assert_eq!(data.log_elsewhere().expect("known").as_deref(), Some("postgres://me@db/headway"));
        data.remember_log_elsewhere("postgres://me@other/headway").expect("remembered");
        assert_eq!(data.log_elsewhere().expect("known").as_deref(), Some("postgres://me@other/headway"));
        assert!(!data.has_log().expect("known"));
        data.forget_log_elsewhere().expect("forgotten");
        assert_eq!(data.log_elsewhere().expect("known"), None);
        std::fs::write(data.log(), "").expect("a file");
        assert!(data.has_log().expect("known"));
    }
}
