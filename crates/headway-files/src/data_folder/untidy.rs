//! Which jobs might have temporary files in a library. The note outlives a killed server, so that the next one looks for
//! the files of jobs that are over; those of others are looked for when they are taken up. A power failure can lose it:
//! then `doctor` finds the files.

use std::io;

use super::{DataFolder, entries, gone, private};
use crate::paths;
use headway_model::JobId;

/// The folder with an empty file for each such job.
const UNTIDY: &str = "untidy";

impl DataFolder {
    /// Notes that a job might make temporary files.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn note_untidy(&self, job: JobId) -> io::Result<()> {
        let folder = self.root.join(UNTIDY);
        private::make_folder(&folder)?;
        private::open(private::options().write(true).create(true), &folder.join(job.to_string())).map(drop)
    }

    /// Removes the note, because no temporary file of the job is left.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn forget_untidy(&self, job: JobId) -> io::Result<()> {
        gone(paths::remove_file(&self.root.join(UNTIDY).join(job.to_string())))
    }

    /// The jobs that might have temporary files.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn untidy_jobs(&self) -> io::Result<Vec<JobId>> {
        let named = entries(&self.root.join(UNTIDY))?.into_iter().map(|entry| entry.file_name());
        Ok(named.filter_map(|name| name.to_str()?.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_noted_once_and_until_it_is_tidy() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        let noted = || data.untidy_jobs().expect("a list");
        assert!(noted().is_empty());
        data.forget_untidy(job).expect("nothing is noted");
        for _ in 0..2 {
            data.note_untidy(job).expect("noted");
            assert_eq!(noted(), [job]);
        }
        data.forget_untidy(job).expect("removed");
        assert!(noted().is_empty());
    }
}
