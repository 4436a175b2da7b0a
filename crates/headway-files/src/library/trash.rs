//! The trash of a job: a folder `.headway-trash/JOB` on the file system of the files that it replaces.
//!
//! Only the disk knows what is in a trash. Nothing in it is ever overwritten, because each name contains the item and
//! the attempt. A file cannot be taken back while the trash is being emptied: emptying begins by renaming the folder
//! in one step.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::{Dir, DirEntry};
use rustix::fs::{AtFlags, StatxFlags};
use rustix::io::Errno;

use super::calls::{again, renameat};
use super::environment::uninterrupted;
use super::folder_calls::FolderCalls;
use super::{Found, Library, OpenFile, mtime_ns, sync};
use headway_model::{JobId, Millis, RelPath};

/// The name of the folder that holds all trashes of a file system.
pub(super) const TRASH: &str = ".headway-trash";

/// The prefix of the folder of a trash that is being emptied.
const EMPTYING: &str = "emptying-";

/// How much is in a trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trashed {
    /// How many files.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
}

impl Trashed {
    fn add(&mut self, file: &DirEntry) -> io::Result<()> {
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
    fn tops(&self) -> io::Result<Vec<RelPath>> {
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
    fn trash_folders_that_are_there(&self) -> io::Result<Vec<Dir>> {
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

    /// How much is left of the trash of a job that a process began to empty; an error if it cannot be read.
    pub fn half_emptied(&self, job: JobId) -> io::Result<Trashed> {
        self.held_in(&format!("{EMPTYING}{job}"))
    }

    /// How much the folders of this name hold, beside the trashes of other jobs.
    fn held_in(&self, name: &str) -> io::Result<Trashed> {
        let mut sum = Trashed::default();
        for folder in self.trash_folders()? {
            for file in Found::of(folder.list_in(name)).known()?.into_iter().flatten() {
                sum.add(&file?)?;
            }
        }
        Ok(sum)
    }

    /// The folders of trashes that a process began to empty, with their jobs: they hold nothing that an undo could put back.
    pub(super) fn emptying(&self) -> io::Result<Vec<(RelPath, JobId)>> {
        let mut found = Vec::new();
        for top in self.tops()? {
            let trash = top.join(TRASH.as_bytes()).map_err(io::Error::other)?;
            for entry in Found::of(self.folder(&trash).and_then(|dir| dir.list())).known()?.into_iter().flatten() {
                let name = entry?.file_name();
                if let Some(job) = name.to_str().and_then(being_emptied) {
                    found.push((trash.join(name.as_bytes()).map_err(io::Error::other)?, job));
                }
            }
        }
        Ok(found)
    }

    /// Removes what is left of such a folder.
    pub(super) fn remove_emptying(&self, path: &RelPath) -> io::Result<()> {
        let trash = self.folder(&path.parent().unwrap_or_default())?;
        remove_leaving(&trash, path.name(), &mut Trashed::default())
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

    /// Permanently deletes the trash of a job; returns how much was in it. On an absent disk the trash stays.
    pub fn empty_trash(&self, job: JobId) -> io::Result<Trashed> {
        let mut gone = Trashed::default();
        for folder in self.trash_folders_that_are_there()? {
            let leaving = format!("{EMPTYING}{job}");
            // What a process that died left of it would be in the way.
            remove_leaving(&folder, &leaving, &mut gone)?;
            if Found::of(renameat(&folder, &*job.to_string(), &folder, &*leaving).map_err(Into::into))
                .known()?
                .is_some()
            {
                sync(&folder)?;
            }
            remove_leaving(&folder, &leaving, &mut gone)?;
        }
        Ok(gone)
    }

    /// The jobs whose trash a process that died was emptying.
    pub fn half_emptied_jobs(&self) -> io::Result<BTreeSet<JobId>> {
        let mut found = BTreeSet::new();
        for folder in self.trash_folders_that_are_there()? {
            for entry in folder.list()? {
                found.extend(entry?.file_name().to_str().and_then(being_emptied));
            }
        }
        Ok(found)
    }

    /// Ends what a process that died was emptying of the trash of a job.
    pub fn end_emptying(&self, job: JobId) -> io::Result<Trashed> {
        let mut gone = Trashed::default();
        for folder in self.trash_folders_that_are_there()? {
            remove_leaving(&folder, &format!("{EMPTYING}{job}"), &mut gone)?;
        }
        Ok(gone)
    }

    /// Opens an output that is being made.
    pub fn open_staged(&self, staged: &super::Staged) -> Found<OpenFile> {
        self.open_plain(&staged.temp)
    }

    /// Opens a file in a trash.
    pub fn open_trashed(&self, path: &RelPath) -> Found<OpenFile> {
        self.open_plain(path)
    }
}

/// Removes what is left of a trash that is being emptied. Two threads can do so at the same time.
fn remove_leaving(folder: &Dir, leaving: &str, gone: &mut Trashed) -> io::Result<()> {
    let Some(inside) = Found::of(folder.enter(leaving)).known()? else { return Ok(()) };
    for file in Found::of(inside.list()).known()?.into_iter().flatten() {
        let file = file?;
        gone.add(&file)?;
        Found::of(inside.remove_name(file.file_name())).known()?;
    }
    Found::of(folder.remove_folder(leaving)).known()?;
    sync(folder)
}

/// The job whose half-emptied trash has this name.
fn being_emptied(name: &str) -> Option<JobId> {
    name.strip_prefix(EMPTYING)?.parse().ok()
}

fn job_folder(top: &RelPath, job: JobId) -> io::Result<RelPath> {
    let trash = top.join(TRASH.as_bytes()).map_err(io::Error::other)?;
    trash.join(job.to_string().as_bytes()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_half_emptied_trash_of_a_dead_process_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = Library::open("files", folder.path()).expect("a library");
        let [half, whole] = [1, 2].map(|number| JobId::mint(number, [1; 10]));
        for name in [format!("{EMPTYING}{half}/0-1"), format!("{whole}/0-1"), "emptying-notes/mine".to_owned()] {
            let path = folder.path().join(TRASH).join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "original").expect("a file");
        }
        let held = |job| [library.trashed(job), library.half_emptied(job)].map(|held| held.expect("a folder").files);
        assert_eq!((held(half), held(whole)), ([0, 1], [1, 0]));
        assert_eq!(library.emptying().expect("a folder").iter().map(|(_, job)| *job).collect::<Vec<_>>(), [half]);
        assert_eq!(library.half_emptied_jobs().expect("a folder").into_iter().collect::<Vec<_>>(), [half]);
        assert_eq!(library.end_emptying(half).expect("a folder"), Trashed { files: 1, bytes: 8 });
        assert_eq!(held(half), [0, 0]);
        let mut left: Vec<_> = std::fs::read_dir(folder.path().join(TRASH))
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        left.sort();
        assert_eq!(left, [whole.to_string(), "emptying-notes".to_owned()].map(std::ffi::OsString::from));
        assert_eq!(library.end_emptying(half).expect("a folder"), Trashed::default());
        assert!(library.half_emptied_jobs().expect("a folder").is_empty());
    }
}
