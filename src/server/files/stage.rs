//! An output while it is made: a temporary file in its target's folder, under a name that a durable `started` names.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{File, OpenOptions};
use rustix::fs::{Timespec, Timestamps, XattrFlags};
use rustix::io::Errno;

use super::{Library, OpenFile, RESERVED, on_disk, sync};
use crate::model::{Digest, JobId, Keep, RelPath};

/// Longer endings are no file types.
const EXTENSION_LIMIT: usize = 16;

const BUFFER: usize = 128 * 1024;

/// An output in the making.
#[derive(Debug)]
pub struct Staged {
    /// The temporary file.
    pub temp: RelPath,
    /// The name it is to get.
    pub target: RelPath,
    /// The temporary file, as programs are told it.
    pub path: PathBuf,
    recorded: AtomicBool,
}

/// An output that is whole and on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The hash of its content.
    pub hash: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// How the temporary files of an item begin: `.headway-JOB-ITEM-`.
fn prefix(job: JobId, item: u32) -> Vec<u8> {
    [RESERVED, format!("{job}-{item}-").as_bytes()].concat()
}

impl Library {
    /// Names the temporary file of an attempt, and makes the target's folder if need be. It ends as the target does, since many
    /// programs choose a format by that.
    pub fn stage(&self, target: RelPath, job: JobId, item: u32, attempt: u32) -> io::Result<Staged> {
        let folder = target.parent().unwrap_or_default();
        let mut name = prefix(job, item);
        name.extend_from_slice(attempt.to_string().as_bytes());
        let ending = on_disk(&target).extension().map(|ending| ending.as_bytes().to_vec());
        if let Some(ending) = ending.filter(|ending| ending.len() <= EXTENSION_LIMIT) {
            name.push(b'.');
            name.extend_from_slice(&ending);
        }
        self.make_folder(&folder)?;
        let temp = folder.join(&name).map_err(io::Error::other)?;
        let path = self.absolute(&temp);
        Ok(Staged { temp, target, path, recorded: AtomicBool::new(false) })
    }

    /// Makes a folder and all above it that are missing, durably.
    pub(super) fn make_folder(&self, folder: &RelPath) -> io::Result<()> {
        let mut above = self.root().try_clone()?;
        for part in folder.ancestors().into_iter().filter(|part| !part.is_root()) {
            let name = on_disk(&part);
            let name = name.file_name().unwrap_or_default().to_owned();
            // Held until it is synced: whoever finds a folder there may rely on it.
            let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
            match above.create_dir(&name) {
                Ok(()) => sync(&above)?,
                // Perhaps by a process that did not live to sync it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !durable.contains(&part) => sync(&above)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            durable.insert(part);
            above = above.open_dir(&name)?;
        }
        Ok(())
    }

    /// Hashes an output and brings it to the disk; `None` if there is no regular file of that name, or one with other names.
    pub fn seal(&self, staged: &Staged, keep: Keep, original: &OpenFile) -> io::Result<Option<Sealed>> {
        let file = match self.open_plain(&staged.temp) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        if !found.is_file() || cap_std::fs::MetadataExt::nlink(&found) != 1 {
            return Ok(None);
        }
        let sealed = Sealed { hash: hash(&file)?, size: found.len() };
        take_over(&file, original, keep)?;
        file.sync_all()?;
        Ok(Some(sealed))
    }

    /// Removes an output that is not wanted. Nothing else can have its name.
    pub fn discard(&self, staged: &Staged) {
        if let Err(error) = self.root().remove_file(on_disk(&staged.temp))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(temp = %staged.temp, %error, "a temporary file cannot be removed");
        }
    }

    /// As [`Library::discard`] after a failure: what a recorded placement left there may be the original, and is kept.
    pub fn discard_unplaced(&self, staged: &Staged) {
        if !staged.is_recorded() {
            self.discard(staged);
        }
    }

    /// Removes what interrupted attempts of an item left in a folder.
    pub fn clear_temps(&self, folder: &RelPath, job: JobId, item: u32) -> io::Result<()> {
        let prefix = prefix(job, item);
        let dir = match self.folder(folder) {
            Ok(dir) => dir,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in dir.entries()? {
            let name = entry?.file_name();
            if name.as_bytes().starts_with(&prefix) {
                dir.remove_file(&name)?;
            }
        }
        Ok(())
    }
}

impl Staged {
    /// Its placement is in the log: from now on what lies under its name is judged by its hash.
    pub fn recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }

    fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Makes the temporary file, for recipes that write it themselves.
    pub fn create(&self, library: &Library) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
        library.root().open_with(on_disk(&self.temp), &options)
    }

    /// Fills it with the content of a file, and all that is kept beside that; shares the blocks where the file system can. The
    /// hash of what was written; `None` if `advance`, which is told of bytes done, said stop by `false`.
    pub fn fill_from(
        &self,
        library: &Library,
        original: &OpenFile,
        advance: impl Fn(u64) -> bool,
    ) -> io::Result<Option<Digest>> {
        let mut copy = self.create(library)?;
        if rustix::fs::ioctl_ficlone(&copy, &original.file).is_err() {
            let mut from = original.file.try_clone()?;
            from.seek(SeekFrom::Start(0))?;
            let mut buffer = vec![0; BUFFER];
            loop {
                let count = from.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                copy.write_all(&buffer[..count])?;
                if !advance(count as u64) {
                    return Ok(None);
                }
            }
        }
        take_over(&copy, original, Keep::ALL)?;
        hash(&copy).map(Some)
    }
}

impl OpenFile {
    /// The hash of its content, from its beginning.
    pub fn hash(&self) -> io::Result<Digest> {
        hash(&self.file)
    }
}

/// The hash of a file's whole content, wherever it was read to before.
pub(super) fn hash(file: &File) -> io::Result<Digest> {
    let mut reader = file.try_clone()?;
    reader.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => drop(hasher.update(&buffer[..count])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Digest::from_hasher(&hasher))
}

fn take_over(file: &File, original: &OpenFile, keep: Keep) -> io::Result<()> {
    let stat = rustix::fs::fstat(&original.file)?;
    if keep.xattrs {
        take_over_xattrs(file, &original.file)?;
    }
    if keep.permissions {
        // Only root may give files away; a program of anybody else keeps them its own.
        let (owner, group) = (rustix::fs::Uid::from_raw(stat.st_uid), rustix::fs::Gid::from_raw(stat.st_gid));
        if rustix::fs::fchown(file, Some(owner), Some(group)).is_err() {
            rustix::fs::fchown(file, None, Some(group)).ok();
        }
        match rustix::fs::fchmod(file, rustix::fs::Mode::from_raw_mode(stat.st_mode)) {
            // FAT and exFAT have none.
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if keep.times {
        let time = |seconds: i64, nanos: u64| Timespec { tv_sec: seconds, tv_nsec: nanos as _ };
        let times = Timestamps {
            last_access: time(stat.st_atime, stat.st_atime_nsec as u64),
            last_modification: time(stat.st_mtime, stat.st_mtime_nsec as u64),
        };
        rustix::fs::futimens(file, &times)?;
    }
    Ok(())
}

fn take_over_xattrs(file: &File, original: &File) -> io::Result<()> {
    let mut names = vec![0_u8; 64 * 1024];
    let length = match rustix::fs::flistxattr(original, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = std::ffi::OsStr::from_bytes(name);
        let mut value = vec![0_u8; 64 * 1024];
        let length = rustix::fs::fgetxattr(original, name, &mut value[..])?;
        match rustix::fs::fsetxattr(file, name, &value[..length], XattrFlags::empty()) {
            // Names of the system's own are not for everyone to set.
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
