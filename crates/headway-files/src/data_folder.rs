//! The data folder: one lock, one log, and for each job a folder of the files that it writes for its user. Only the
//! owner can read any of it.

mod attempts;
mod ground;
mod known;
mod known_as;
mod lock;
mod made_folders;
mod make_private;
mod outputs;
mod presets;
pub mod private;
mod roots;
mod state_file;
mod tree;
mod untidy;

use std::collections::BTreeSet;
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

use crate::ask_all::ask_all;
use crate::error::FolderError;
use crate::library::{Found, uninterrupted};
use crate::paths;
use headway_model::JobId;

/// Network file systems, by their magic numbers in statfs(2). Locks and write-ahead logs are not safe on them.
const NETWORK: [(u64, &str); 6] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P"),
    (0x0bd0_0bd0, "Lustre"),
];

/// The file that reserves disk space, to be released when the disk is full.
const BALLAST: &str = "ballast";
const BALLAST_BYTES: u64 = 32 * 1024 * 1024;

/// The file in a job's folder which says that the job's trash was emptied.
const EMPTIED: &str = ".emptied";

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

/// Refuses libraries that contain the data folder with this root, or lie inside it. Blocking.
fn lies_apart(root: &Path, libraries: &[(String, PathBuf)]) -> Result<(), FolderError> {
    let paths = libraries.iter().map(|(_, library)| library.clone()).collect();
    let found = ask_all(paths, |library: PathBuf| Found::of(paths::without_links(&library)).known().ok().flatten());
    for ((name, library), found) in libraries.iter().zip(found) {
        // A library that is missing contains no data folder. If its storage does not answer, its path decides.
        let library = found.unwrap_or_else(|| Some(library.clone()));
        let Some(library) = library else { continue };
        let lies = match (root.starts_with(&library), library.starts_with(root)) {
            (true, _) => "lies inside",
            (_, true) => "holds",
            (false, false) => continue,
        };
        return Err(FolderError(format!(
            "the data folder {} {lies} the library {name:?}; choose another with --data",
            root.display()
        )));
    }
    Ok(())
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

    /// Whether a folder can be the data folder of a server with these libraries: none of them contains it or lies
    /// inside it, and it is on a local disk. A folder that is not there yet can be made. Blocking.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(root: &Path, libraries: &[(String, PathBuf)]) -> Result<(), FolderError> {
        let fail = |error: &dyn std::fmt::Display| {
            FolderError(format!("cannot look at the data folder {}: {error}", root.display()))
        };
        let found = Found::of(paths::without_links(root)).known().map_err(|error| fail(&error))?;
        let Some(root) = found else {
            return lies_apart(&std::path::absolute(root).map_err(|error| fail(&error))?, libraries);
        };
        lies_apart(&root, libraries)?;
        let kind = uninterrupted(|| Ok(rustix::fs::statfs(&root)?)).map_err(|error| fail(&error))?.f_type as u64;
        match NETWORK.iter().find(|(number, _)| *number == kind & 0xffff_ffff) {
            None => Ok(()),
            Some((_, name)) => Err(FolderError(format!(
                "the data folder {} is on a network file system ({name}), where the log is not safe; choose a local one with --data",
                root.display()
            ))),
        }
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

    /// Releases the reserved disk space, so that what must be recorded on a full disk still fits.
    pub fn release_ballast(&self) {
        if let Err(error) = gone(paths::remove_file(&self.root.join(BALLAST))) {
            tracing::warn!(%error, "the ballast cannot be given up");
        }
    }

    /// Reserves that space again, if it is not reserved already and the disk has more than enough.
    pub fn keep_ballast(&self) {
        let path = self.root.join(BALLAST);
        let kept = Found::of(paths::follow(&path)).map(|found| found.len() == BALLAST_BYTES);
        let is_missing = matches!(kept, Found::Absent | Found::There(false));
        if !is_missing || crate::library::free_bytes(&self.root).is_none_or(|free| free < 4 * BALLAST_BYTES) {
            return;
        }
        let kept = private::create(&path).and_then(|file| {
            let none = rustix::fs::FallocateFlags::empty();
            uninterrupted(|| Ok(rustix::fs::fallocate(&file, none, 0, BALLAST_BYTES)?))
        });
        if let Err(error) = kept {
            tracing::debug!(%error, "no ballast");
            self.release_ballast();
        }
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

    /// Removes what a job wrote here. Three records stay, because they can be asked for as long as the job is listed: where its
    /// files are, which folders it made, and what became of its trash.
    pub fn remove_results(&self, job: &JobId) -> io::Result<()> {
        self.remove_attempts(job)?;
        let facts = [ground::GROUND, EMPTIED, made_folders::MADE];
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

    /// The folder of the files that a job wrote for its user.
    pub fn outputs(&self, job: &JobId) -> Outputs {
        Outputs::at(self.root.join("jobs").join(job.to_string()))
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
