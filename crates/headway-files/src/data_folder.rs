//! The data folder: one lock, one log, and a folder for what each job writes for its user. All of it is its owner's alone.

mod attempts;
mod known;
pub mod private;
mod tree;

use std::fs::{DirEntry, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

pub use tree::remove_tree;

use crate::error::FolderError;
use crate::library::Found;
use crate::patience::ask_all;
use headway_model::JobId;

/// Network file systems, by the numbers of statfs(2): locks and write-ahead logs are not safe on them.
const NETWORK: [(u64, &str); 6] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P"),
    (0x0bd0_0bd0, "Lustre"),
];

/// Room that is kept for the day when the disk is full.
const BALLAST: &str = "ballast";
const BALLAST_SIZE: u64 = 32 * 1024 * 1024;

/// How long a lock that another holds is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A data folder that this process holds.
#[derive(Debug)]
pub struct DataFolder {
    root: PathBuf,
    /// Held as long as the folder is used.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be, and takes its lock.
    pub fn open(root: &Path, libraries: &[(String, PathBuf)]) -> Result<Self, FolderError> {
        let fail = |doing: &str, error: &dyn std::fmt::Display| {
            FolderError(format!("cannot {doing} the data folder {}: {error}", root.display()))
        };
        private::make_root(root).map_err(|error| fail("make", &error))?;
        let root = root.canonicalize().map_err(|error| fail("find", &error))?;
        let paths = libraries.iter().map(|(_, library)| library.clone()).collect();
        let found = ask_all(paths, |library: PathBuf| Found::of(library.canonicalize()).known().ok().flatten());
        for ((name, library), found) in libraries.iter().zip(found) {
            // A library that is not there holds no data folder. Of one that does not answer its name tells.
            let library = found.unwrap_or_else(|| Some(library.clone()));
            if library.is_some_and(|library| root.starts_with(library)) {
                return Err(FolderError(format!(
                    "the data folder {} lies inside the library {name:?}; choose another with --data",
                    root.display()
                )));
            }
        }
        let kind = rustix::fs::statfs(&root).map_err(|error| fail("look at", &error))?.f_type as u64;
        if let Some((_, name)) = NETWORK.iter().find(|(number, _)| *number == kind & 0xffff_ffff) {
            return Err(FolderError(format!(
                "the data folder {} is on a network file system ({name}), where the log is not safe; choose a local one with --data",
                root.display()
            )));
        }
        let lock = private::create(&root.join("lock")).map_err(|error| fail("lock", &error))?;
        if !locked(&lock).map_err(|error| fail("lock", &error))? {
            return Err(FolderError(format!(
                "another Headway already uses the data folder {}; stop it, or choose another folder with --data",
                root.display()
            )));
        }
        Ok(DataFolder { root, _lock: lock })
    }

    /// The log's file.
    pub fn log(&self) -> PathBuf {
        self.root.join("log.sqlite")
    }

    /// The index of the libraries' files; may be deleted.
    pub fn index(&self) -> PathBuf {
        self.root.join("files.sqlite")
    }

    /// Gives up the room that is kept for the day when the disk is full: what must be recorded then fits.
    pub fn release_ballast(&self) {
        if let Err(error) = gone(std::fs::remove_file(self.root.join(BALLAST))) {
            tracing::warn!(%error, "the ballast cannot be given up");
        }
    }

    /// Keeps that room, if it is not kept already and there is more than enough.
    pub fn keep_ballast(&self) {
        let path = self.root.join(BALLAST);
        let kept = Found::of(path.metadata()).map(|found| found.len() == BALLAST_SIZE);
        let is_missing = matches!(kept, Found::Absent | Found::There(false));
        if !is_missing || crate::library::free_bytes(&self.root).is_none_or(|free| free < 4 * BALLAST_SIZE) {
            return;
        }
        let kept = private::create(&path).and_then(|file| {
            rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, BALLAST_SIZE).map_err(Into::into)
        });
        if let Err(error) = kept {
            tracing::debug!(%error, "no ballast");
            self.release_ballast();
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where attempts have folders of their own while they run.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Folders that attempts of a killed process left there, for the caller to remove with [`remove_tree`]. New attempts never have
    /// the name of an earlier one.
    pub fn left_scratch(&self) -> io::Result<Vec<PathBuf>> {
        Ok(entries(&self.scratch())?.into_iter().map(|entry| entry.path()).collect())
    }

    /// Removes all that a job wrote here.
    pub fn remove_job(&self, job: &JobId) -> io::Result<()> {
        self.remove_attempts(job)?;
        gone(remove_tree(&self.outputs(job).0))
    }

    /// How many bytes jobs have written here beside the log.
    pub fn bytes(&self) -> io::Result<u64> {
        let mut sum = 0;
        for name in ["attempts", "jobs"] {
            for job in entries(&self.root.join(name))? {
                sum += bytes_in(&job.path())?;
            }
        }
        Ok(sum)
    }

    /// The folder of what a job wrote for its user.
    pub fn outputs(&self, job: &JobId) -> Outputs {
        Outputs(self.root.join("jobs").join(job.to_string()))
    }

    /// The whole of a file of this name, of at most `most` bytes, that the last step of some job wrote; `None` if none did.
    pub fn kept(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        for job in entries(&self.root.join("jobs"))? {
            let path = job.path().join(name);
            if let Some(kept) = Found::of(private::read(&path, most)).known()? {
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }
}

/// The bytes of the files in a folder; 0 if it is not there.
fn bytes_in(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in entries(folder)? {
        sum += Found::of(entry.metadata()).known()?.map_or(0, |found| found.len());
    }
    Ok(sum)
}

/// What is in a folder; nothing if it is not there.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    Found::of(std::fs::read_dir(folder)).known()?.into_iter().flatten().collect()
}

/// What was not there need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    Found::of(removed).known().map(drop)
}

/// Takes the lock. A process that was just killed holds it until the kernel has taken it apart, so this waits a little.
fn locked(lock: &File) -> io::Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The folder of what one job wrote for its user: a manifest, a report.
#[derive(Debug, Clone)]
pub struct Outputs(PathBuf);

impl Outputs {
    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        private::make_folder(&self.0)?;
        let temporary = self.0.join(format!(".{name}.part"));
        let mut file = std::io::BufWriter::new(private::create(&temporary)?);
        fill(&mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&temporary, self.0.join(name))?;
        File::open(&self.0)?.sync_all()?;
        Ok(())
    }

    /// The names of the files, in order.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let names = entries(&self.0)?.into_iter().map(|entry| entry.file_name().into_string());
        let mut names: Vec<_> = names.filter_map(Result::ok).filter(|name| !name.starts_with('.')).collect();
        names.sort();
        Ok(names)
    }

    /// The path of one of them; `None` for a name that is not there.
    pub fn path(&self, name: &str) -> io::Result<Option<PathBuf>> {
        Ok(self.names()?.iter().find(|known| *known == name).map(|known| self.0.join(known)))
    }
}
