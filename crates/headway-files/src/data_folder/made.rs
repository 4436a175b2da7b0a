//! The folders that a job has made for its outputs, so that its undo removes those that are empty by then, and no folder of
//! anybody else.

use std::io::{self, Write};

use super::known::MOST;
use super::{DataFolder, private};
use crate::Found;
use headway_model::{JobId, RelPath};

/// The file that lists the folders. It is in the job's folder.
const MADE: &str = ".folders";

impl DataFolder {
    /// Notes folders that a job is about to make, until the job's history is removed. Durable.
    ///
    /// # Errors
    /// If they cannot be noted.
    pub fn note_made(&self, job: &JobId, folders: &[RelPath]) -> io::Result<()> {
        let folder = self.root.join("jobs").join(job.to_string());
        private::make_folder(&folder)?;
        let mut file = private::open(private::options().append(true).create(true), &folder.join(MADE))?;
        // An encoded path has no line feed. One call writes all of them, as other items can note theirs meanwhile.
        let lines: String = folders.iter().map(|folder| format!("{folder}\n")).collect();
        file.write_all(lines.as_bytes())?;
        file.sync_all()
    }

    /// The folders that a job has made for its outputs, or was about to make.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn made_folders(&self, job: &JobId) -> io::Result<Vec<RelPath>> {
        let path = self.root.join("jobs").join(job.to_string()).join(MADE);
        let Some(text) = Found::of(private::read(&path, MOST)).known()? else { return Ok(Vec::new()) };
        let text = String::from_utf8_lossy(&text);
        // A line without its end was being written when the machine stopped, before the folder was made.
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        Ok(lines.filter_map(|line| line.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_made_is_kept_and_half_a_line_is_not_taken_for_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        assert!(data.made_folders(&job).expect("a list").is_empty());
        data.note_made(&job, &[path("out"), path("out/a b")]).expect("noted");
        data.note_made(&job, &[path("out/%0A")]).expect("noted");
        let list = data.root().join("jobs").join(job.to_string()).join(MADE);
        std::fs::OpenOptions::new().append(true).open(list).expect("the list").write_all(b"ou").expect("half a line");
        assert_eq!(data.made_folders(&job).expect("a list"), ["out", "out/a b", "out/%0A"].map(path));
    }
}
