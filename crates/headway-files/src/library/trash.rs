//! The trash of a job: a folder `.headway-trash/JOB` on the file system of the files that it replaces.
//!
//! Only the disk knows what is in a trash. Nothing in it is ever overwritten, because each name contains the item and
//! the attempt.

use std::collections::BTreeSet;
use std::io;

use cap_std::fs::{Dir, DirEntry};
use rustix::fs::{AtFlags, StatxFlags};
use rustix::io::Errno;

use super::calls::again;
use super::environment::uninterrupted;
use super::folder_calls::FolderCalls;
use super::{Found, Library, OpenFile, mtime_ns};
use headway_model::{JobId, Millis, RelPath};

/// The name of the folder that holds all trashes of a file system.
pub(super) const TRASH: &str = ".headway-trash";

/// How much is in a trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trashed {
    /// How many files.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
}

impl Trashed {
    pub(super) fn add(&mut self, file: &DirEntry) -> io::Result<()> {
        // A file that was removed just now does not count.
        if let Some(found) = Found::of(uninterrupted(|| file.metadata())).known()? {
            self.files += 1;
            self.bytes += found.len();
        }
        Ok(())
    }
}

impl Library {
    /// The path in the trash for the file at `target`, if this attempt replaces it; creates the folder.
    pub fn trash(&self, target: &RelPath, job: JobId, item: u32, attempt: u32) -> io::Result<RelPath> {
        let top = self.top(&target.parent().unwrap_or_default())?;
        let folder = job_folder(&top, job)?;
        self.make_folder(&folder, None)?;
        folder.join(format!("{item}-{attempt}").as_bytes()).map_err(io::Error::other)
    }

    /// The highest folder on the same mount as this one, within the library.
    fn top(&self, folder: &RelPath) -> io::Result<RelPath> {
        let mount = |folder: &RelPath| {
            let dir = self.folder(folder)?;
            let found = again(|| rustix::fs::statx(&dir, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID))?;
            Ok::<_, io::Error>((found.stx_dev_major, found.stx_dev_minor, found.stx_mnt_id))
        };
        let here = mount(folder)?;
        let mut top = folder.clone();
        while let Some(above) = top.parent() {
            if mount(&above)? != here {
                break;
            }
            top = above;
        }
        Ok(top)
    }

    /// The folders of the library that can have a trash: its root, and the mount points inside it.
    pub(super) fn tops(&self) -> io::Result<Vec<RelPath>> {
        let root = std::iter::once(RelPath::default());
        Ok(root.chain(self.mounted()?.into_keys()).collect())
    }

    /// The folders that hold trashes, for all jobs; an error if any of them cannot be read.
    fn trash_folders(&self) -> io::Result<Vec<Dir>> {
        if !self.missing_mounts()?.is_empty() {
            return Err(Errno::NODEV.into());
        }
        self.trash_folders_that_are_there()
    }

    /// The folders that hold trashes, without those on disks that are absent.
    pub(super) fn trash_folders_that_are_there(&self) -> io::Result<Vec<Dir>> {
        let open =
            |top: RelPath| Found::of(self.folder(&top.join(TRASH.as_bytes()).map_err(io::Error::other)?)).known();
        let opened = self.tops()?.into_iter().map(|top| open(top).transpose()).collect::<Vec<_>>();
        let opened = opened.into_iter().flatten().collect::<io::Result<Vec<_>>>()?;
        match self.reach() {
            Ok(()) => Ok(opened),
            Err(_) => Err(Errno::STALE.into()),
        }
    }

    /// Every job with something in a trash here; an error if any trash cannot be read.
    pub fn trashes(&self) -> io::Result<BTreeSet<JobId>> {
        let mut found = BTreeSet::new();
        for folder in self.trash_folders()? {
            for entry in folder.list()? {
                let name = entry?.file_name();
                let Some(job) = name.to_str().and_then(|name| name.parse::<JobId>().ok()) else { continue };
                // It might have been emptied just now.
                if let Some(mut files) = Found::of(folder.list_in(&name)).known()? {
                    found.extend(files.next().map(|_| job));
                }
            }
        }
        Ok(found)
    }

    /// How much is in the trash of a job; an error if it cannot be read.
    pub fn trashed(&self, job: JobId) -> io::Result<Trashed> {
        self.held_in(&job.to_string())
    }

    /// How much the folders of this name hold, beside the trashes of other jobs.
    pub(super) fn held_in(&self, name: &str) -> io::Result<Trashed> {
        let mut sum = Trashed::default();
        for folder in self.trash_folders()? {
            for file in Found::of(folder.list_in(name)).known()?.into_iter().flatten() {
                sum.add(&file?)?;
            }
        }
        Ok(sum)
    }

    /// How much is in the trashes of all jobs; an error if any trash cannot be read.
    pub fn all_trashed(&self) -> io::Result<Trashed> {
        let mut sum = Trashed::default();
        for folder in self.trash_folders()? {
            for job in folder.list()? {
                for file in Found::of(folder.list_in(job?.file_name())).known()?.into_iter().flatten() {
                    sum.add(&file?)?;
                }
            }
        }
        Ok(sum)
    }

    /// When something was last put into the trash of a job; `None` if it has none.
    pub fn last_trashed(&self, job: JobId) -> io::Result<Option<Millis>> {
        let mut last = None;
        for folder in self.trash_folders()? {
            if let Some(found) = Found::of(folder.look_at(job.to_string())).known()? {
                last = last.max(Some(Millis::try_from(mtime_ns(&found) / 1_000_000).unwrap_or(0)));
            }
        }
        Ok(last)
    }

    /// Opens a file in a trash.
    pub fn open_trashed(&self, path: &RelPath) -> Found<OpenFile> {
        self.open_plain(path)
    }
}

fn job_folder(top: &RelPath, job: JobId) -> io::Result<RelPath> {
    let trash = top.join(TRASH.as_bytes()).map_err(io::Error::other)?;
    trash.join(job.to_string().as_bytes()).map_err(io::Error::other)
}
