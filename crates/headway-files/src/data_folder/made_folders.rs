//! The folders that a job has made for its outputs, so that its undo removes those that are empty by then, and no folder of
//! anybody else.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Write};

use parking_lot::Mutex;

use super::{DataFolder, private};
use crate::Found;
use headway_model::{JobId, RelPath};

/// The file that lists the folders. It is in the job's folder.
pub(super) const MADE: &str = ".folders";

/// The prefix of each addition to the list. No path ends with it, so that an earlier line whose end was not written is
/// not taken for a path.
const BEGIN: &str = "%\n";

/// The folders that a job has noted, so that it notes each once.
#[derive(Debug, Default)]
pub struct NotedFolders(Mutex<HashSet<RelPath>>);

impl DataFolder {
    /// Notes folders that a job is about to make, until the job's history is removed, except those that are `noted` already.
    /// Durable.
    ///
    /// # Errors
    /// If they cannot be noted.
    pub fn note_made(&self, job: &JobId, folders: &[RelPath], noted: &NotedFolders) -> io::Result<()> {
        // Held until they are durable: nobody makes a folder before that.
        let mut noted = noted.0.lock();
        let fresh: Vec<_> = folders.iter().filter(|folder| !noted.contains(*folder)).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let folder = self.root.join("jobs").join(job.to_string());
        private::make_folder(&folder)?;
        let mut file = private::open(private::options().append(true).create(true), &folder.join(MADE))?;
        // An encoded path has no line feed.
        let lines = fresh.iter().map(|folder| format!("{folder}\n"));
        let text: String = std::iter::once(BEGIN.to_owned()).chain(lines).collect();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        noted.extend(fresh.into_iter().cloned());
        Ok(())
    }

    /// The folders that a job has made for its outputs, or was about to make.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn made_folders(&self, job: &JobId) -> io::Result<HashSet<RelPath>> {
        let mut folders = HashSet::new();
        let path = self.root.join("jobs").join(job.to_string()).join(MADE);
        let opened = Found::of(private::open(private::options().read(true), &path)).known()?;
        let Some(mut file) = opened.map(BufReader::new) else { return Ok(folders) };
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            // A line without its end was being written when the machine stopped, before the folder was made.
            let whole = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
            folders.extend(whole.and_then(|line| line.parse().ok()).filter(|folder: &RelPath| !folder.is_root()));
            line.clear();
        }
        Ok(folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    fn made(data: &DataFolder, job: &JobId) -> HashSet<RelPath> {
        data.made_folders(job).expect("a list")
    }

    fn list(data: &DataFolder, job: &JobId) -> std::path::PathBuf {
        data.root().join("jobs").join(job.to_string()).join(MADE)
    }

    #[test]
    fn the_folders_that_a_job_made_are_stored_and_a_truncated_line_is_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        assert!(made(&data, &job).is_empty());
        let noted = NotedFolders::default();
        data.note_made(&job, &[path("out"), path("out/a b")], &noted).expect("noted");
        data.note_made(&job, &[path("out/%0A")], &noted).expect("noted");
        for half in ["ou", "out/%0", "out/%", "out/a/"] {
            let mut file = std::fs::OpenOptions::new().append(true).open(list(&data, &job)).expect("the list");
            file.write_all(half.as_bytes()).expect("half a line");
            assert_eq!(made(&data, &job), ["out", "out/a b", "out/%0A"].map(path).into(), "{half}");
            data.note_made(&job, &[path("out/a b")], &NotedFolders::default()).expect("noted by the next server");
            assert_eq!(made(&data, &job), ["out", "out/a b", "out/%0A"].map(path).into(), "{half}");
        }
        data.note_made(&job, &[path("late")], &noted).expect("noted");
        assert_eq!(made(&data, &job), ["out", "out/a b", "out/%0A", "late"].map(path).into());
    }

    #[test]
    fn each_folder_is_noted_once_and_no_number_of_them_is_too_large() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let (job, noted) = (JobId::mint(1, [0; 10]), NotedFolders::default());
        let name = "x".repeat(80);
        let folders: Vec<_> = (0..20_000).map(|number| path(&format!("{name}/{number}"))).collect();
        data.note_made(&job, &folders, &noted).expect("noted");
        let length = list(&data, &job).metadata().expect("a list").len();
        assert!(length > super::super::known::LIMIT_BYTES, "{length}");
        data.note_made(&job, &folders, &noted).expect("noted");
        assert_eq!(list(&data, &job).metadata().expect("a list").len(), length);
        assert_eq!(made(&data, &job), folders.into_iter().collect());
    }

    #[test]
    fn a_list_that_cannot_be_read_is_not_shown_as_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        std::fs::create_dir_all(list(&data, &job)).expect("a folder in its place");
        data.made_folders(&job).expect_err("it is not known");
    }

    #[test]
    fn the_list_stays_as_long_as_the_job_is_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open(&folder.path().join("data"), &[]).expect("a data folder");
        let job = JobId::mint(1, [0; 10]);
        data.note_made(&job, &[path("out")], &NotedFolders::default()).expect("noted");
        data.remove_results(&job).expect("removed");
        assert_eq!(made(&data, &job), [path("out")].into());
        data.remove_job(&job).expect("removed");
        assert!(made(&data, &job).is_empty());
    }
}
