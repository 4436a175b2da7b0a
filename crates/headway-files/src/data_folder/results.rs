//! What jobs wrote into the data folder beside the log: which jobs, how much, and its removal.

use std::collections::BTreeSet;
use std::io;

use super::ground::GROUND;
use super::made_folders::MADE;
use super::{DataFolder, bytes_in, entries, gone, private, remove_tree};
use crate::library::Found;
use crate::paths;
use headway_model::JobId;

/// The file in a job's folder which says that the job's trash was emptied.
const EMPTIED: &str = ".emptied";

impl DataFolder {
    /// Removes what a job wrote here. Three records stay, because they can be asked for as long as the job is listed: where its
    /// files are, which folders it made, and what became of its trash.
    pub fn remove_results(&self, job: &JobId) -> io::Result<()> {
        self.remove_attempts(job)?;
        let facts = [GROUND, EMPTIED, MADE];
        let results = entries(self.outputs(job).folder())?.into_iter();
        for entry in results.filter(|entry| facts.iter().all(|fact| entry.file_name() != *fact)) {
            let kind = paths::kind_of(&entry)?;
            match kind.is_dir() {
                true => gone(remove_tree(&entry.path()))?,
                false => gone(paths::remove_file(&entry.path()))?,
            }
        }
        Ok(())
    }

    /// Removes everything that a job wrote here.
    pub fn remove_job(&self, job: &JobId) -> io::Result<()> {
        self.remove_attempts(job)?;
        gone(remove_tree(self.outputs(job).folder()))
    }

    /// The jobs that have written something here beside the log.
    pub fn writers(&self) -> io::Result<BTreeSet<JobId>> {
        let mut writers = BTreeSet::new();
        for name in ["attempts", "jobs"] {
            let folders = entries(&self.root.join(name))?;
            writers.extend(folders.iter().filter_map(|folder| folder.file_name().to_str()?.parse::<JobId>().ok()));
        }
        Ok(writers)
    }

    /// How many bytes a job has written here beside the log.
    pub fn bytes_of(&self, job: &JobId) -> io::Result<u64> {
        Ok(self.attempts_bytes(job)? + bytes_in(self.outputs(job).folder())?)
    }

    /// Notes that the trash of a job was emptied, so that a later undo can say why it cannot put anything back.
    pub fn note_emptied(&self, job: &JobId) -> io::Result<()> {
        private::make_folder(self.outputs(job).folder())?;
        private::replace(&self.outputs(job).folder().join(EMPTIED), b"")
    }

    /// Whether the trash of a job was emptied, as far as that was noted.
    pub fn was_emptied(&self, job: &JobId) -> io::Result<bool> {
        Ok(Found::of(paths::follow(&self.outputs(job).folder().join(EMPTIED))).known()?.is_some())
    }

    /// The jobs whose last step wrote a file of this name.
    pub fn keepers(&self, name: &str) -> io::Result<Vec<JobId>> {
        let mut keepers = Vec::new();
        for folder in entries(&self.root.join("jobs"))? {
            let job = folder.file_name().to_str().and_then(|job| job.parse().ok());
            let has_it = || Found::of(paths::look_at(&folder.path().join(name))).known();
            if let Some(job) = job
                && has_it()?.is_some()
            {
                keepers.push(job);
            }
        }
        Ok(keepers)
    }

    /// The content of the file of this name, at most `most` bytes long, that the last step of a job wrote; `None` if it
    /// wrote none.
    pub fn kept_of(&self, job: &JobId, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        Found::of(private::read(&self.outputs(job).folder().join(name), most)).known()
    }
}
