//! An output while it is made: a temporary file in its target's folder, under a name that a durable `started` names.

use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, File, OpenOptions};
use rustix::fs::{AtFlags, linkat};

use super::hash::hash;
use super::keep::take_over;
use super::temporary::prefix;
use super::{Library, OpenFile, on_disk};
use headway_model::{Digest, JobId, Keep, RelPath};

/// Longer endings are no file types.
const EXTENSION_LIMIT: usize = 16;

/// How many bytes are copied at a time.
const COPY_BUFFER: usize = 128 * 1024;

/// An output in the making.
#[derive(Debug)]
pub struct Staged {
    /// The temporary file.
    pub temp: RelPath,
    /// The name it is to get.
    pub target: RelPath,
    /// The temporary file, as programs are told it.
    pub path: PathBuf,
    /// Its folder: as long as it is open, the file can be removed whatever else cannot be opened.
    folder: Dir,
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

impl Library {
    /// Names the temporary file of an attempt, and makes the target's folder if need be, which gets owner and mode of the folder of
    /// its source. The name ends as the target does, since many programs choose a format by that.
    pub fn stage(&self, source: &RelPath, target: RelPath, job: JobId, item: u32, attempt: u32) -> io::Result<Staged> {
        self.enter(&target)?;
        let folder = target.parent().unwrap_or_default();
        let mut name = prefix(job);
        name.extend_from_slice(format!("{item}-{attempt}").as_bytes());
        let ending = on_disk(&target).extension().map(|ending| ending.as_bytes().to_vec());
        if let Some(ending) = ending.filter(|ending| ending.len() <= EXTENSION_LIMIT) {
            name.push(b'.');
            name.extend_from_slice(&ending);
        }
        let temp = folder.join(&name).map_err(io::Error::other)?;
        let folder = self.make_folder(&folder, Some(&source.parent().unwrap_or_default()))?;
        self.admit(&folder)?;
        let path = self.absolute(&temp);
        Ok(Staged { temp, target, path, folder, recorded: AtomicBool::new(false) })
    }

    /// Hashes an output and brings it to the disk; `None` if there is no regular file of that name, or one with other names.
    pub fn seal(&self, staged: &Staged, keep: Keep, original: &OpenFile) -> io::Result<Option<Sealed>> {
        match self.find(&staged.temp).known()? {
            Some(found) if found.is_file() => {}
            _ => return Ok(None),
        }
        let Some(output) = self.open_plain(&staged.temp).known()? else { return Ok(None) };
        if output.has_other_names() {
            return Ok(None);
        }
        let sealed = Sealed { hash: output.hash()?, size: output.size() };
        take_over(&output.file, original, keep)?;
        output.file.sync_all()?;
        Ok(Some(sealed))
    }

    /// Removes an output that is not wanted. Nothing else can have its name.
    pub fn discard(&self, staged: &Staged) {
        self.removed(&staged.temp, staged.folder.remove_file(staged.name()));
    }

    /// As [`Library::discard`] after a failure: what a recorded placement left there may be the original, and is kept.
    pub fn discard_unplaced(&self, staged: &Staged) {
        if !staged.is_recorded() {
            self.discard(staged);
        }
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
    pub fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).follow(FollowSymlinks::No);
        self.folder.open_with(self.name(), &options)
    }

    pub(super) fn folder(&self) -> &Dir {
        &self.folder
    }

    pub(super) fn name(&self) -> OsString {
        on_disk(&self.temp).file_name().unwrap_or_default().to_owned()
    }

    /// Makes it another name of this file.
    pub fn link(&self, library: &Library, of: &RelPath) -> io::Result<()> {
        let original = library.at(of)?;
        let (from, to) = (&original.name, self.name());
        Ok(linkat(&original.dir, from, &self.folder, to, AtFlags::empty())?)
    }

    /// Makes it a copy that shares the blocks of `of`, with all that `original` has beside its content. Brought to the disk.
    pub fn share_blocks(&self, of: &OpenFile, original: &OpenFile) -> io::Result<()> {
        let copy = self.create()?;
        rustix::fs::ioctl_ficlone(&copy, &of.file)?;
        take_over(&copy, original, Keep::ALL)?;
        copy.sync_all()
    }

    /// Fills it with the content of a file, and all that is kept beside that; shares the blocks where the file system can. The
    /// hash of what was written; `None` if `advance`, which is told of bytes done, said stop by `false`.
    pub fn fill_from(&self, original: &OpenFile, advance: impl Fn(u64) -> bool) -> io::Result<Option<Digest>> {
        let mut copy = self.create()?;
        // Whyever the blocks cannot be shared, the bytes can be copied.
        if rustix::fs::ioctl_ficlone(&copy, &original.file).is_err() {
            let mut from = original.file.try_clone()?;
            from.seek(SeekFrom::Start(0))?;
            let mut buffer = vec![0; COPY_BUFFER];
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
