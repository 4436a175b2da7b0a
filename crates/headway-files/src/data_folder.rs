//! The data folder: one lock, one log, and for each job a folder of the files that it writes for its user. Only the
//! owner can read any of it.

mod attempts;
mod ballast;
mod ground;
mod identity;
mod known;
mod known_as;
mod location;
mod lock;
mod log_elsewhere;
mod made_folders;
mod make_private;
mod outputs;
mod presets;
pub mod private;
mod results;
mod roots;
mod state_file;
mod tree;
mod untidy;

use std::fs::DirEntry;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

pub use ground::{DiskChanges, Ground, SameFiles};
pub use known_as::KnownAs;
use lock::FolderLock;
pub use lock::is_held;
pub use made_folders::NotedFolders;
pub use outputs::{Outputs, StepStopped};
use parking_lot::Mutex;
pub use state_file::StateFile;
pub use tree::remove_tree;

use crate::error::FolderError;
use crate::library::{Found, uninterrupted};
use crate::paths;
use headway_model::JobId;

/// A data folder that this process has locked.
#[derive(Debug)]
pub struct DataFolder {
    root: PathBuf,
    /// The device and the inode of the root.
    place: (u64, u64),
    /// Locked while what is known of libraries and their inner disks is read and rewritten.
    remembering: Mutex<()>,
    _lock: FolderLock,
}

impl DataFolder {
    /// Creates the folder if necessary, and takes its lock.
    pub fn open(root: &Path, libraries: &[(String, PathBuf)]) -> Result<Self, FolderError> {
        let fail = |doing: &str, error: &dyn std::fmt::Display| {
            FolderError(format!("cannot {doing} the data folder {}: {error}", root.display()))
        };
        make_private::make_root(root).map_err(|error| fail("make", &error))?;
        let root = paths::without_links(root).map_err(|error| fail("find", &error))?;
        DataFolder::fits(&root, libraries)?;
        let Some(lock) = FolderLock::take(&root).map_err(|error| fail("lock", &error))? else {
            return Err(FolderError(format!(
                "another Headway already uses the data folder {}; stop it, or choose another folder with --data",
                root.display()
            )));
        };
        let found = paths::follow(&root).map_err(|error| fail("look at", &error))?;
        let after_a_dying = lock.after_a_dying;
        let folder = DataFolder { root, place: (found.dev(), found.ino()), remembering: Mutex::default(), _lock: lock };
        if after_a_dying {
            tracing::warn!("the last server was killed and still waits for storage that does not answer");
            folder.let_go_of_tables().map_err(|error| fail("take over", &error))?;
        }
        Ok(folder)
    }

    /// The device and the inode of the folder.
    pub(crate) fn place(&self) -> (u64, u64) {
        self.place
    }

    /// Removes SQLite's shared-memory files, together with the locks that a dying process holds in them. SQLite
    /// rebuilds them from the files beside them.
    fn let_go_of_tables(&self) -> io::Result<()> {
        for tables in [self.log(), self.index()] {
            let mut shared = tables.into_os_string();
            shared.push("-shm");
            gone(paths::remove_file(Path::new(&shared)))?;
        }
        Ok(())
    }

    /// The log's file.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.sqlite")
    }

    /// The index of the libraries' files. It can be deleted; the server rebuilds it.
    pub fn index(&self) -> PathBuf {
        self.root.join("files.sqlite")
    }

    /// The path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder in which each running attempt has a folder of its own.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Folders that attempts of a killed process left in [`scratch`](Self::scratch), for the caller to remove with
    /// [`remove_tree`]. A new attempt never has the name of an earlier one.
    pub fn left_scratch(&self) -> io::Result<Vec<PathBuf>> {
        Ok(entries(&self.scratch())?.into_iter().map(|entry| entry.path()).collect())
    }

    /// The folder of the files that a job wrote for its user.
    pub fn outputs(&self, job: &JobId) -> Outputs {
        Outputs::at(self.root.join("jobs").join(job.to_string()))
    }
}

/// The total size of the files in a folder, in bytes; 0 if the folder does not exist.
fn bytes_in(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in entries(folder)? {
        sum += Found::of(uninterrupted(|| entry.metadata())).known()?.map_or(0, |found| found.len());
    }
    Ok(sum)
}

/// The entries of a folder; none if the folder does not exist.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    Ok(Found::of(paths::list(folder)).known()?.unwrap_or_default())
}

/// Counts the removal of something that did not exist as a success.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    Found::of(removed).known().map(drop)
}
